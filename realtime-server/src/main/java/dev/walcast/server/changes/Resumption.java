package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.filters.SubscriptionIndex.Entry;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Rights;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.BindingStart.Reason;
import dev.walcast.server.changes.ChangeSubscription.Bound;
import dev.walcast.server.changes.ReplayWindow.Read;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Decides where each binding of a subscription begins, has it brought up to date, and tells its client what became
/// of it.
final class Resumption {
    private final ReplayWindow window;
    private final Replay replay;
    private final Rights rights;
    private final RightsHistory history = new RightsHistory();

    Resumption(ReplayWindow window, Replay replay, Rights rights) {
        this.window = requireNonNull(window, "window is null");
        this.replay = requireNonNull(replay, "replay is null");
        this.rights = requireNonNull(rights, "rights is null");
    }

    void note(Viewer viewer, BindingResolver.Resolved resolved) {
        resolved.access().ifPresent(access -> history.note(new Question(viewer.role(), access.table()), access));
    }

    void onRightsChanged(Set<Question> changed) {
        history.changed(changed, window.head(), this::access);
    }

    private Optional<TableAccess> access(Question question) {
        try {
            return Optional.ofNullable(rights.access(question));
        } catch (SQLException e) {
            return Optional.empty();
        }
    }

    /// Returns when the subscription is live. Its entries stand in the index already.
    void begin(ChangeSubscription subscription, List<String> warnings) throws InterruptedException {
        String epoch = window.epoch();
        Map<Integer, BindingStart> starts = new HashMap<>();
        Map<Integer, BindingStart.At> past = new HashMap<>();
        for (Entry<Bound> entry : subscription.entries()) {
            int id = entry.subscriber().bindingId();
            BindingStart start = start(subscription, entry, epoch);
            starts.put(id, start);
            if (start instanceof BindingStart.At at) {
                past.put(id, at);
            }
        }
        replay.run(subscription, past, epoch, end -> {
            subscription.goLive(end.head().position());
            if (!subscription.isClosed() && !subscription.entries().isEmpty()) {
                FeedPlace place = place(end.head(), bindings(subscription, starts, end, epoch));
                subscription.receiver().onLive(warnings, Optional.of(place));
            }
        });
    }

    private static List<Resumed> bindings(
            ChangeSubscription subscription, Map<Integer, BindingStart> starts, Read.End end, String epoch) {
        Reason gone = end.head().epoch().equals(epoch) ? Reason.EXPIRED : Reason.EPOCH_CHANGED;
        List<Resumed> bindings = new ArrayList<>();
        starts.forEach((id, start) -> {
            int replayed = subscription.replayed(id);
            switch (start) {
                case BindingStart.Live() -> {}
                case BindingStart.Reset(Reason reason) -> bindings.add(new Resumed(id, 0, Optional.of(reason.code())));
                case BindingStart.At(Position _, boolean resumed) -> {
                    if (end.gone()) {
                        bindings.add(new Resumed(id, replayed, Optional.of(gone.code())));
                    } else if (resumed) {
                        bindings.add(new Resumed(id, replayed, Optional.empty()));
                    }
                }
            }
        });
        return bindings;
    }

    static FeedPlace place(FeedPosition head, List<Resumed> bindings) {
        return new FeedPlace(head.epoch(), head.toString(), bindings);
    }

    /// Called by the source's thread, before the new epoch's first transaction.
    void tellOfNewEpoch(ChangeSubscription subscription) {
        if (subscription.isLive()) {
            FeedPosition head = window.head();
            subscription.goLive(head.position());
            List<Resumed> bindings = subscription.bindings().stream()
                    .map(binding -> new Resumed(binding.id(), 0, Optional.of(Reason.EPOCH_CHANGED.code())))
                    .toList();
            subscription.receiver().onLive(List.of(), Optional.of(place(head, bindings)));
        }
    }

    private BindingStart start(ChangeSubscription subscription, Entry<Bound> entry, String epoch) {
        ResumeFrom from = from(subscription, entry.subscriber().bindingId());
        BindingStart start = window.start(List.of(entry.target()), from);
        if (start instanceof BindingStart.At(Position after, boolean resumed) && resumed) {
            Optional<Reason> against = history.against(subscription.viewer().role(), entry.target(), epoch, after);
            if (against.isPresent()) {
                return new BindingStart.Reset(against.get());
            }
        }
        return start;
    }

    private static ResumeFrom from(ChangeSubscription subscription, int bindingId) {
        return subscription.bindings().stream()
                .filter(binding -> binding.id() == bindingId)
                .findFirst()
                .map(binding -> ResumeFrom.read(binding.request()))
                .orElseGet(ResumeFrom.Now::new);
    }
}
