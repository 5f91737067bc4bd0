package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Position;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.Viewer;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/// What a subscription's bindings mean for one viewer under the rights of one moment.
///
/// While it is open, the database has not said yet what that is: every change of the tables concerned is found, and
/// waits until another resolution has taken its place. Never changed after it was completed.
public final class Resolution {
    private final ChangeSubscription subscription;
    private final Viewer viewer;
    private final boolean settled;
    private List<Entry<Bound>> entries = List.of();
    private @Nullable SubscriptionIndex<Bound> own;

    /// What stands in the index: a binding of a subscription.
    ///
    /// @param events       what its client asked for
    /// @param select       the columns asked for besides the key; empty for all
    /// @param membership   whether UPDATEs that take rows into or out of view are told as INSERT and DELETE
    /// @param questions    what only Postgres can say of its filter
    /// @param view         what it has to remember rows of; empty when its DELETEs can be told without that
    public record Bound(
            Resolution resolution,
            int bindingId,
            Set<ChangeEvent> events,
            Set<String> select,
            boolean membership,
            QuestionKind questions,
            Optional<RowView> view) {
        /// The subscription that the binding belongs to.
        public ChangeSubscription subscription() {
            return resolution.subscription;
        }
    }

    private Resolution(ChangeSubscription subscription, Viewer viewer, boolean settled) {
        this.subscription = requireNonNull(subscription, "subscription is null");
        this.viewer = requireNonNull(viewer, "viewer is null");
        this.settled = settled;
    }

    /// To be completed.
    public static Resolution settled(ChangeSubscription subscription, Viewer viewer) {
        return new Resolution(subscription, viewer, true);
    }

    /// Finds every change of the tables that the former entries name.
    static Resolution open(ChangeSubscription subscription, Viewer viewer, List<Entry<Bound>> former) {
        Resolution open = new Resolution(subscription, viewer, false);
        List<Entry<Bound>> entries = new ArrayList<>();
        for (Entry<Bound> entry : former) {
            Bound bound = entry.subscriber();
            Set<ChangeEvent> events = bound.membership() ? Set.of(ChangeEvent.values()) : bound.events();
            Bound anything =
                    new Bound(open, bound.bindingId(), events, Set.of(), false, QuestionKind.POLICY, Optional.empty());
            entries.add(new Entry<>(entry.target(), events, Predicate.Constant.ALWAYS, anything));
        }
        open.entries = List.copyOf(entries);
        return open;
    }

    /// Adds what one binding means. To be called before others see the resolution.
    public void add(Entry<Bound> entry) {
        List<Entry<Bound>> more = new ArrayList<>(entries);
        more.add(entry);
        entries = List.copyOf(more);
    }

    /// The subscription whose bindings it resolves.
    public ChangeSubscription subscription() {
        return subscription;
    }

    /// Whose rights it is about.
    public Viewer viewer() {
        return viewer;
    }

    boolean isSettled() {
        return settled;
    }

    /// What stands in the index for it.
    public List<Entry<Bound>> entries() {
        return entries;
    }

    /// The costliest that its client's own filters raise.
    QuestionKind questions() {
        return entries.stream()
                .map(entry -> entry.subscriber().questions())
                .reduce(QuestionKind.POLICY, QuestionKind::orCostlier);
    }

    /// What a change comes to for this subscription alone. Under the subscription's lock.
    ///
    /// @param wants whether a binding is interested in changes of a position
    List<Candidate> candidates(Encodings encodings, BiPredicate<Bound, Position> wants) {
        List<Candidate> candidates =
                Candidate.matches(ownIndex(), encodings.change(), wants).getOrDefault(subscription, new ArrayList<>(0));
        subscription.memories().addKnowing(candidates, this, encodings, wants);
        return candidates;
    }

    /// Whether a change may concern one of its bindings, which hangs on values that the change does not carry.
    boolean isInDoubt(Change change, BiPredicate<Bound, Position> wants) {
        return isInDoubt(ownIndex(), change, wants);
    }

    /// Whether a change may concern a binding, which hangs on values that the change does not carry.
    public static boolean isInDoubt(SubscriptionIndex<Bound> index, Change change, BiPredicate<Bound, Position> wants) {
        boolean[] found = {false};
        index.forEachInDoubt(change, entry -> found[0] |= wants.test(entry.subscriber(), change.position()));
        return found[0];
    }

    private SubscriptionIndex<Bound> ownIndex() {
        SubscriptionIndex<Bound> index = own;
        if (index == null) {
            index = index(_ -> true);
            own = index;
        }
        return index;
    }

    /// An index of some of its bindings.
    public SubscriptionIndex<Bound> index(java.util.function.Predicate<Bound> chosen) {
        SubscriptionIndex<Bound> index = new SubscriptionIndex<>();
        for (Entry<Bound> entry : entries) {
            if (chosen.test(entry.subscriber())) {
                index.add(entry);
            }
        }
        return index;
    }

    boolean sameFilters(Resolution other) {
        return predicates().equals(other.predicates());
    }

    private List<Object> predicates() {
        List<Object> predicates = new ArrayList<>();
        for (Entry<Bound> entry : entries) {
            predicates.add(entry.target());
            predicates.add(entry.predicate());
            entry.before().ifPresent(predicates::add);
        }
        return predicates;
    }
}
