package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.Predicate;
import java.util.List;
import java.util.Set;

/// Somebody whom a change may concern, with the bindings that it may meet.
record Candidate(Receiver receiver, List<Match> matches) {
    Candidate {
        requireNonNull(receiver, "receiver is null");
        matches = List.copyOf(matches);
    }

    /// A subscription and one projection of its own: what one frame goes to.
    record Receiver(ChangeSubscription subscription, Set<String> select) {}

    /// @param known whether memory says that the change meets the binding
    record Match(int bindingId, Predicate predicate, boolean known) {}
}
