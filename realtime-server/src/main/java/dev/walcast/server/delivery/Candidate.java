package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Position;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// The bindings of one subscription that a change may meet and that want the same projection of it: what one frame goes
/// to, or one for each `Passage`.
///
/// @param select     the columns asked for besides the key; empty for all
/// @param membership whether the change is an UPDATE that may be told as something else
/// @param matches    grows while the index is walked, and never after
public record Candidate(Resolution resolution, Set<String> select, boolean membership, List<Match> matches) {
    public Candidate {
        requireNonNull(resolution, "resolution is null");
        requireNonNull(select, "select is null");
        requireNonNull(matches, "matches is null");
    }

    /// The subscriptions that a change may concern.
    ///
    /// @param wants whether a binding is still, or already, interested in changes of a position
    public static Map<ChangeSubscription, List<Candidate>> matches(
            SubscriptionIndex<Bound> index, Change change, BiPredicate<Bound, Position> wants) {
        Map<ChangeSubscription, List<Candidate>> matches = new LinkedHashMap<>();
        index.forEachMatch(change, (entry, truth) -> {
            Bound bound = entry.subscriber();
            if (wants.test(bound, change.position())) {
                boolean membership = change instanceof Change.Update && bound.membership();
                List<Candidate> own = matches.computeIfAbsent(bound.subscription(), _ -> new ArrayList<>(1));
                candidate(own, bound, membership).add(entry, truth);
            }
        });
        return matches;
    }

    /// Adds a binding that the index did not find. Does nothing when it was found, or is not in the resolution.
    public static void add(
            List<Candidate> own,
            Resolution resolution,
            int bindingId,
            Change change,
            BiPredicate<Bound, Position> wants) {
        for (Entry<Bound> entry : resolution.entries()) {
            Bound bound = entry.subscriber();
            if (bound.bindingId() == bindingId && wants.test(bound, change.position())) {
                boolean membership = change instanceof Change.Update && bound.membership();
                candidate(own, bound, membership).addUnfound(entry);
            }
        }
    }

    @SuppressWarnings("ReferenceEquality") // a resolution is only itself
    private static Candidate candidate(List<Candidate> own, Bound bound, boolean membership) {
        for (Candidate candidate : own) {
            if (candidate.resolution == bound.resolution()
                    && candidate.membership == membership
                    && candidate.select.equals(bound.select())) {
                return candidate;
            }
        }
        Candidate fresh = new Candidate(bound.resolution(), bound.select(), membership, new ArrayList<>(1));
        own.add(fresh);
        return fresh;
    }

    /// An UPDATE may be found by its new and by its old row.
    @SuppressWarnings("ReferenceEquality") // an entry is only itself
    private void add(Entry<Bound> entry, Truth truth) {
        if (!membership || matches.stream().noneMatch(match -> match.entry() == entry)) {
            matches.add(new Match(entry, truth));
        }
    }

    @SuppressWarnings("ReferenceEquality") // an entry is only itself
    private void addUnfound(Entry<Bound> entry) {
        if (matches.stream().noneMatch(match -> match.entry() == entry)) {
            matches.add(new Match(entry, Truth.FALSE));
        }
    }

    /// Whether the index found none of its bindings.
    boolean isUnfound() {
        for (Match match : matches) {
            if (match.isFound()) {
                return false;
            }
        }
        return true;
    }

    /// What a binding remembers of the change's table; null when it remembers nothing.
    @Nullable
    RowMemory memory(Match match, Encodings encodings) {
        return subscription()
                .memories()
                .of(match.bindingId(), encodings.change().table());
    }

    ChangeSubscription subscription() {
        return resolution.subscription();
    }

    /// @param found what the index says of the binding: false when it did not find it, and the binding knows the row;
    ///              true does not matter with membership
    record Match(Entry<Bound> entry, Truth found) {
        boolean isFound() {
            return found != Truth.FALSE;
        }

        /// Whether memory says that the change meets the binding.
        boolean known() {
            return found == Truth.TRUE;
        }

        /// Whether its predicate has to be tested.
        boolean isOpen() {
            return isFound() && !known();
        }

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
