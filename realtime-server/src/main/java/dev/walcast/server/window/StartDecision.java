package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.filters.index.Target;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.ResumeFrom;
import dev.walcast.server.window.BindingStart.Reason;
import java.util.List;

/// Decides where a binding begins: after the position it names, when everything after that is in the window. Used
/// under the window's lock.
///
/// @param head the position after everything received
record StartDecision(KeptTransactions kept, RestartHold hold, Position head, List<? extends Target> targets) {
    StartDecision {
        requireNonNull(kept, "kept is null");
        requireNonNull(hold, "hold is null");
        requireNonNull(head, "head is null");
        targets = List.copyOf(targets);
    }

    BindingStart of(ResumeFrom from) {
        return switch (from) {
            case ResumeFrom.Now _ ->
                hold.isHolding() ? new BindingStart.At(handedOver(), false) : new BindingStart.Live();
            case ResumeFrom.Unreadable _ -> new BindingStart.Reset(Reason.INVALID);
            case ResumeFrom.After(FeedPosition position) -> after(position);
            case ResumeFrom.Since(long millis) -> since(millis);
        };
    }

    /// The position to resume from shortly after a restart, when every new client counts as one that reconnects.
    private Position handedOver() {
        Position floor = kept.floors().position(targets);
        Position delivered = Position.after(hold.start().delivered());
        return floor.isAfter(delivered) ? floor : delivered;
    }

    private BindingStart after(FeedPosition from) {
        Lsn commit = from.position().commit();
        if (!from.epoch().equals(hold.start().epoch())
                || from.position().isAfter(head)
                || !kept.mayHaveContained(commit)) {
            return new BindingStart.Reset(Reason.EPOCH_CHANGED);
        }
        if (kept.lacks(targets, from.position())) {
            return new BindingStart.Reset(Reason.EXPIRED);
        }
        return resumed(from.position());
    }

    private BindingStart since(long millis) {
        if (Math.floorDiv(kept.floors().micros(targets), 1000L) >= millis) {
            return new BindingStart.Reset(Reason.EXPIRED);
        }
        Position before = head;
        for (WindowTransaction received : kept.all()) {
            if (Math.floorDiv(received.commit().timeMicros(), 1000L) >= millis) {
                before = received.before();
                break;
            }
        }
        return resumed(before);
    }

    private BindingStart resumed(Position after) {
        if (kept.history().hasOtherColumns(targets, after)) {
            return new BindingStart.Reset(Reason.SCHEMA_CHANGED);
        }
        return new BindingStart.At(after, true);
    }
}
