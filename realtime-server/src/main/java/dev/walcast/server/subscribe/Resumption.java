package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.server.delivery.ChangeSubscription;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.request.BindingSpec;
import dev.walcast.server.window.BindingStart;
import dev.walcast.server.window.BindingStart.Reason;
import dev.walcast.server.window.ReplayWindow;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/// Decides where each binding of a subscription begins, and has it brought up to date from there.
public final class Resumption {
    private final ReplayWindow window;
    private final Beginning.Means means;
    private final Rights rights;
    private final RightsHistory history = new RightsHistory();

    public Resumption(Beginning.Means means, Rights rights) {
        this.means = requireNonNull(means, "means is null");
        this.window = means.window();
        this.rights = requireNonNull(rights, "rights is null");
    }

    void note(Viewer viewer, BindingResolver.Resolved resolved) {
        resolved.access().ifPresent(access -> history.note(new AccessQuestion(viewer.role(), access.table()), access));
    }

    void onRightsChanged(Set<AccessQuestion> changed) {
        history.changed(changed, window.head(), rights::known);
    }

    /// Refuses a binding whose rows cannot be read.
    void check(Binding binding, BindingSpec spec, BindingResolver.Resolved resolved, Viewer viewer)
            throws BindingRefusedException {
        Optional<RowQuery> _ = means.queries().query(binding.request(), spec, resolved, viewer);
    }

    /// Returns when the subscription is live. Its entries stand in the index already.
    ///
    /// @param number of the beginning
    /// @param anew   whether it was refused for a while: what was committed meanwhile is missing
    void begin(ChangeSubscription subscription, long number, List<String> warnings, boolean anew)
            throws InterruptedException {
        String epoch = window.epoch();
        Map<Integer, BindingStart> starts = new HashMap<>();
        for (Entry<Bound> entry : subscription.entries()) {
            int id = entry.subscriber().bindingId();
            starts.put(
                    id,
                    anew
                            ? startAnew(request(subscription, id), Reason.RIGHTS_CHANGED)
                            : start(subscription, entry, epoch));
        }
        new Beginning(subscription, number, means, epoch, starts).run(warnings);
    }

    static FeedPlace place(FeedPosition head, List<Resumed> bindings) {
        return new FeedPlace(head.epoch(), head.toString(), bindings);
    }

    /// Called by the source's thread, before the new epoch's first transaction.
    void tellOfNewEpoch(ChangeSubscription subscription) {
        if (subscription.isLive()) {
            FeedPosition head = window.head();
            List<Resumed> bindings = subscription.bindings().stream()
                    .map(binding -> new Resumed(
                            binding.id(), 0, Optional.of(Reason.EPOCH_CHANGED.code()), OptionalLong.empty()))
                    .toList();
            FeedPlace place = place(head, bindings);
            subscription.goOn(head, () -> subscription.receiver().onLive(List.of(), Optional.of(place)));
        }
    }

    private BindingStart start(ChangeSubscription subscription, Entry<Bound> entry, String epoch) {
        BindingRequest request = request(subscription, entry.subscriber().bindingId());
        BindingStart start =
                checked(subscription, entry, epoch, window.start(List.of(entry.target()), request.resume()));
        if (!request.asksForRows()) {
            return start;
        }
        return switch (start) {
            case BindingStart.Reset(Reason reason) -> new BindingStart.Anew(Optional.of(reason));
            case BindingStart.At at when at.resumed() -> at;
            default -> new BindingStart.Anew(Optional.empty());
        };
    }

    private static BindingStart startAnew(BindingRequest request, Reason reason) {
        return request.asksForRows() ? new BindingStart.Anew(Optional.of(reason)) : new BindingStart.Reset(reason);
    }

    private BindingStart checked(
            ChangeSubscription subscription, Entry<Bound> entry, String epoch, BindingStart start) {
        if (start instanceof BindingStart.At(Position after, boolean resumed) && resumed) {
            Optional<Reason> against = history.against(subscription.viewer().role(), entry.target(), epoch, after);
            if (against.isPresent()) {
                return new BindingStart.Reset(against.get());
            }
        }
        return start;
    }

    static BindingRequest request(ChangeSubscription subscription, int bindingId) {
        return subscription.bindings().stream()
                .filter(binding -> binding.id() == bindingId)
                .findFirst()
                .map(Binding::request)
                .orElseThrow();
    }
}
