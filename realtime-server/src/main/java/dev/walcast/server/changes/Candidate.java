package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Position;
import dev.walcast.filters.Predicate;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.Truth;
import dev.walcast.server.changes.ChangeSubscription.Bound;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/// Somebody whom a change may concern, with the bindings that it may meet.
record Candidate(Receiver receiver, List<Match> matches) {
    Candidate {
        requireNonNull(receiver, "receiver is null");
        matches = List.copyOf(matches);
    }

    /// Whom a change may concern.
    ///
    /// @param wants whether a binding is still, or already, interested in changes of a position
    static Map<Receiver, List<Match>> matches(
            SubscriptionIndex<Bound> index, Change change, BiPredicate<Bound, Position> wants) {
        Map<Receiver, List<Match>> matches = new LinkedHashMap<>();
        index.forEachMatch(change, (entry, truth) -> {
            Bound bound = entry.subscriber();
            if (wants.test(bound, change.position())) {
                matches.computeIfAbsent(new Receiver(bound.subscription(), bound.select()), _ -> new ArrayList<>(1))
                        .add(new Match(bound.bindingId(), entry.predicate(), truth == Truth.TRUE));
            }
        });
        return matches;
    }

    /// A subscription and one projection of its own: what one frame goes to.
    record Receiver(ChangeSubscription subscription, Set<String> select) {}

    /// @param known whether memory says that the change meets the binding
    record Match(int bindingId, Predicate predicate, boolean known) {}
}
