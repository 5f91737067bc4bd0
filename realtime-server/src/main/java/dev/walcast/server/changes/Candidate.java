package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Position;
import dev.walcast.filters.ChangeEvent;
import dev.walcast.filters.Predicate;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.SubscriptionIndex.Entry;
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
    @SuppressWarnings("ReferenceEquality") // an entry is only itself
    static Map<Receiver, List<Match>> matches(
            SubscriptionIndex<Bound> index, Change change, BiPredicate<Bound, Position> wants) {
        Map<Receiver, List<Match>> matches = new LinkedHashMap<>();
        index.forEachMatch(change, (entry, truth) -> {
            Bound bound = entry.subscriber();
            if (wants.test(bound, change.position())) {
                boolean membership = change instanceof Change.Update && bound.membership();
                List<Match> found = matches.computeIfAbsent(
                        new Receiver(bound.subscription(), bound.select(), membership), _ -> new ArrayList<>(1));
                if (!membership || found.stream().noneMatch(match -> match.entry() == entry)) {
                    found.add(new Match(entry, truth == Truth.TRUE));
                }
            }
        });
        return matches;
    }

    /// A subscription and one projection of its own: what one frame goes to, or one for each [Passage].
    ///
    /// @param membership whether the change is an UPDATE that may be told as something else
    record Receiver(ChangeSubscription subscription, Set<String> select, boolean membership) {}

    /// @param known whether memory says that the change meets the binding; does not matter with membership
    record Match(Entry<Bound> entry, boolean known) {
        int bindingId() {
            return entry.subscriber().bindingId();
        }

        Predicate predicate() {
            return entry.predicate();
        }

        /// What the row before an UPDATE must meet.
        Predicate before() {
            return entry.before().orElseThrow();
        }

        boolean tells(ChangeEvent event) {
            return entry.subscriber().events().contains(event);
        }
    }
}
