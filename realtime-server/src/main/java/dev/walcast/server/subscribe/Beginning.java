package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowsRefusedException;
import dev.walcast.server.binding.Refusals;
import dev.walcast.server.delivery.ChangeSubscription;
import dev.walcast.server.delivery.Resolution;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import dev.walcast.server.snapshot.Snapshots;
import dev.walcast.server.snapshot.Snapshots.Taken;
import dev.walcast.server.subscribe.Replay.Origin;
import dev.walcast.server.window.BindingStart;
import dev.walcast.server.window.BindingStart.Reason;
import dev.walcast.server.window.ReplayWindow;
import dev.walcast.server.window.ReplayWindow.Read;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How one subscription begins: rows first for the bindings that want them, then the past up to the head of the
/// window, then live. When the window lets go of what is needed meanwhile, rows are taken anew. Belongs to the thread
/// that runs it.
public final class Beginning {
    private static final Logger log = LoggerFactory.getLogger(Beginning.class);
    private static final int TRIES_MAX = 4;
    private static final Duration ASK_AGAIN_AFTER = Duration.ofSeconds(1);

    private final ChangeSubscription subscription;
    private final long number;
    private final Means means;
    private final Map<Integer, BindingStart> starts;
    private final Map<Integer, Taken> taken = new HashMap<>();
    private String epoch;
    private boolean again;

    /// What it takes.
    public record Means(
            ReplayWindow window,
            Replay replay,
            Snapshots snapshots,
            BindingResolver resolver,
            SnapshotQueries queries) {}

    /// @param number of this beginning; when another one of the subscription counts, this one ends without a word
    /// @param epoch  in which it was decided where the bindings begin
    /// @param starts by the bindings' ids
    Beginning(
            ChangeSubscription subscription,
            long number,
            Means means,
            String epoch,
            Map<Integer, BindingStart> starts) {
        this.subscription = requireNonNull(subscription, "subscription is null");
        this.number = number;
        this.means = requireNonNull(means, "means is null");
        this.epoch = requireNonNull(epoch, "epoch is null");
        this.starts = new HashMap<>(starts);
    }

    /// Returns when the subscription is live, or was refused.
    void run(List<String> warnings) throws InterruptedException {
        for (int tries = 1; tries == 1 || (again && subscription.isBeginning(number)); tries++) {
            boolean last = tries == TRIES_MAX;
            again = false;
            try {
                takeRows();
            } catch (BindingRefusedException e) {
                subscription.giveUp(number, String.valueOf(e.getMessage()));
                return;
            }
            FeedPosition end = means.replay.run(subscription, number, origins(), epoch, read -> {
                again = read.gone() && !last && (!taken.isEmpty() || mayTakeRowsInstead());
                if (!again) {
                    goLive(read, warnings);
                }
            });
            if (again) {
                goOnFrom(end.position());
            }
        }
    }

    /// Called with the window's lock held.
    private void goLive(Read.End end, List<String> warnings) {
        subscription.goLive(number, end.head(), () -> {
            if (end.gone()) {
                subscription.forgetRows();
            }
            if (!subscription.isClosed() && !subscription.entries().isEmpty()) {
                FeedPlace place = Resumption.place(end.head(), bindings(end));
                subscription.receiver().onLive(warnings, Optional.of(place));
            }
        });
    }

    private List<Resumed> bindings(Read.End end) {
        Reason gone = end.head().epoch().equals(epoch) ? Reason.EXPIRED : Reason.EPOCH_CHANGED;
        List<Resumed> bindings = new ArrayList<>();
        starts.forEach((id, start) -> {
            switch (start) {
                case BindingStart.Live() -> {}
                case BindingStart.Reset(Reason reason) -> bindings.add(reset(id, reason));
                case BindingStart.At(Position _, boolean resumed) -> {
                    if (end.gone()) {
                        bindings.add(reset(id, gone));
                    } else if (resumed) {
                        bindings.add(
                                new Resumed(id, subscription.replayed(id), Optional.empty(), OptionalLong.empty()));
                    }
                }
                case BindingStart.Anew(Optional<Reason> reason) -> {
                    Taken rows = taken.get(id);
                    bindings.add(
                            end.gone() || rows == null
                                    ? reset(id, gone)
                                    : new Resumed(
                                            id,
                                            subscription.replayed(id),
                                            reason.map(Reason::code),
                                            OptionalLong.of(rows.rows())));
                }
            }
        });
        return bindings;
    }

    private Resumed reset(int id, Reason reason) {
        return new Resumed(id, subscription.replayed(id), Optional.of(reason.code()), OptionalLong.empty());
    }

    private Map<Integer, Origin> origins() {
        Map<Integer, Origin> origins = new HashMap<>();
        starts.forEach((id, start) -> {
            if (start instanceof BindingStart.At(Position after, boolean _)) {
                origins.put(id, new Origin(after, Optional.empty()));
            }
        });
        taken.forEach((id, rows) -> origins.put(id, new Origin(rows.after(), Optional.of(rows.moment()))));
        return origins;
    }

    /// Rows are taken anew; the other bindings go on where they were, if that is still at hand.
    private void goOnFrom(Position reached) {
        String now = means.window.epoch();
        for (Entry<Bound> entry : subscription.entries()) {
            int id = entry.subscriber().bindingId();
            if (starts.get(id) instanceof BindingStart.At(Position after, boolean resumed)) {
                Position from = reached.isAfter(after) ? reached : after;
                BindingStart next = !now.equals(epoch)
                        ? startOver(id, Reason.EPOCH_CHANGED)
                        : means.window.lacks(entry.target(), from)
                                ? startOver(id, Reason.EXPIRED)
                                : new BindingStart.At(from, resumed);
                starts.put(id, next);
            }
        }
        epoch = now;
    }

    private BindingStart startOver(int id, Reason reason) {
        return asksForRows(id) ? new BindingStart.Anew(Optional.of(reason)) : new BindingStart.Reset(reason);
    }

    private boolean mayTakeRowsInstead() {
        return starts.entrySet().stream()
                .anyMatch(start -> start.getValue() instanceof BindingStart.At && asksForRows(start.getKey()));
    }

    private boolean asksForRows(int id) {
        return Resumption.request(subscription, id).asksForRows();
    }

    // -- rows

    private void takeRows() throws BindingRefusedException, InterruptedException {
        taken.clear();
        for (Binding binding : subscription.bindings()) {
            if (starts.get(binding.id()) instanceof BindingStart.Anew && !taken.containsKey(binding.id())) {
                subscription.forgetReplayed(binding.id());
                takeRows(binding).ifPresent(rows -> taken.put(binding.id(), rows));
            }
        }
        for (Taken rows : taken.values()) {
            means.window.awaitReached(rows.moment().lsn(), epoch, () -> !subscription.isBeginning(number));
        }
    }

    /// Stops when the viewer or its rights change: the rows are taken anew then.
    private Optional<Taken> takeRows(Binding binding, BindingSpec spec, Resolution current)
            throws BindingRefusedException, RowsRefusedException, SQLException, InterruptedException {
        BindingResolver.Resolved resolved = means.resolver.resolve(spec, current.viewer(), means.resolver.now());
        RowQuery query = means.queries
                .query(binding.request(), spec, resolved, current.viewer())
                .orElseThrow();
        return means.snapshots.take(
                query,
                rows -> subscription.whileCurrent(current, () -> {
                    subscription.receiver().onSnapshot(binding.id(), rows.chunk());
                    subscription.memories().remember(binding.id(), resolved.view(), rows.keys());
                    return true;
                }),
                subscription.receiver(),
                () -> !subscription.whileCurrent(current, () -> true));
    }

    private Optional<Taken> takeRows(Binding binding) throws BindingRefusedException, InterruptedException {
        BindingSpec spec = binding.request().spec();
        Attempts attempts = new Attempts();
        while (subscription.isBeginning(number)) {
            try {
                Resolution current = subscription.awaitSettled(number);
                if (current == null) {
                    break;
                }
                Optional<Taken> rows = takeRows(binding, spec, current);
                if (subscription.whileCurrent(current, () -> true)) {
                    return rows;
                }
            } catch (RowsRefusedException e) {
                throw Refusals.refused(spec, String.valueOf(e.getMessage()));
            } catch (SQLException e) {
                Optional<String> refusal = attempts.refusal(e);
                if (refusal.isPresent()) {
                    throw Refusals.refused(spec, refusal.get());
                }
                Thread.sleep(ASK_AGAIN_AFTER);
            } catch (RuntimeException e) {
                log.error("A snapshot could not be taken", e);
                throw Refusals.refused(spec, "Its rows could not be read: unexpected error, see the server's log.");
            }
        }
        return Optional.empty();
    }
}
