package dev.walcast.filters.index;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.predicate.UnchangedValues;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Answers one question: which subscriptions does this change concern?
///
/// A subscription is found through one indexed term of its predicate, and equal predicates are tested once for all
/// their subscriptions, so a change costs what it reaches. Any thread may add and remove while another walks the
/// matches; an addition is seen by every walk that begins after it returned.
///
/// @param <S> what is subscribed; opaque here
public final class SubscriptionIndex<S> {
    private final Map<Target, PredicateIndex<S>> groups = new ConcurrentHashMap<>();
    /// What is also found by the row before an UPDATE.
    private final Map<Target, PredicateIndex<Entry<S>>> byOldRow = new ConcurrentHashMap<>();

    /// What an UPDATE may concern that does not carry the column's value; by the column.
    private final Map<Target, Map<String, Set<Entry<S>>>> byUnchanged = new ConcurrentHashMap<>();

    /// One subscription's place in the index, itself only; hand it back to [#remove(Entry)].
    public static final class Entry<S> {
        private final Target target;
        /// One bit for each kind of change: this is looked at for every change that reaches the entry.
        private final int events;
        private final Predicate predicate;
        private final S subscriber;
        private final @Nullable Entry<Entry<S>> departure;

        public Entry(Target target, Set<ChangeEvent> events, Predicate predicate, S subscriber) {
            this(target, bits(events), predicate, null, subscriber);
        }

        private Entry(Target target, int events, Predicate predicate, @Nullable Predicate before, S subscriber) {
            this.target = requireNonNull(target, "target is null");
            this.events = events;
            this.predicate = requireNonNull(predicate, "predicate is null");
            this.subscriber = requireNonNull(subscriber, "subscriber is null");
            this.departure = before == null ? null : new Entry<>(target, bit(ChangeEvent.UPDATE), before, null, this);
        }

        /// Found by an UPDATE whose new row meets the predicate, or whose old row meets the other one, whatever the
        /// events: the caller judges to which of them it comes.
        ///
        /// @param before what the old row must meet
        public static <S> Entry<S> withMembership(
                Target target, Set<ChangeEvent> events, Predicate predicate, Predicate before, S subscriber) {
            return new Entry<>(target, bits(events) | bit(ChangeEvent.UPDATE), predicate, before, subscriber);
        }

        public Target target() {
            return target;
        }

        public Predicate predicate() {
            return predicate;
        }

        public S subscriber() {
            return subscriber;
        }

        /// What the row before an UPDATE must meet; empty when that does not matter.
        public Optional<Predicate> before() {
            return Optional.ofNullable(departure).map(Entry::predicate);
        }

        boolean wants(ChangeEvent event) {
            return (events & bit(event)) != 0;
        }

        private static int bits(Set<ChangeEvent> events) {
            return events.stream().mapToInt(Entry::bit).sum();
        }

        private static int bit(ChangeEvent event) {
            return switch (event) {
                case INSERT -> 1;
                case UPDATE -> 2;
                case DELETE -> 4;
            };
        }
    }

    public void add(Entry<S> entry) {
        add(groups, entry);
        if (entry.departure != null) {
            add(byOldRow, entry.departure);
        }
        for (String column : hangsOn(entry)) {
            byUnchanged.compute(entry.target, (_, known) -> {
                Map<String, Set<Entry<S>>> columns = known == null ? new ConcurrentHashMap<>() : known;
                columns.computeIfAbsent(column, _ -> ConcurrentHashMap.newKeySet())
                        .add(entry);
                return columns;
            });
        }
    }

    private static Set<String> hangsOn(Entry<?> entry) {
        return entry.wants(ChangeEvent.UPDATE) ? UnchangedValues.columns(entry.predicate) : Set.of();
    }

    private static <S> void add(Map<Target, PredicateIndex<S>> groups, Entry<S> entry) {
        groups.compute(entry.target, (_, group) -> {
            PredicateIndex<S> present = group == null ? new PredicateIndex<>() : group;
            present.add(entry);
            return present;
        });
    }

    public void remove(Entry<S> entry) {
        remove(groups, entry);
        if (entry.departure != null) {
            remove(byOldRow, entry.departure);
        }
        for (String column : hangsOn(entry)) {
            byUnchanged.computeIfPresent(entry.target, (_, columns) -> {
                columns.computeIfPresent(column, (_, entries) -> {
                    entries.remove(entry);
                    return entries.isEmpty() ? null : entries;
                });
                return columns.isEmpty() ? null : columns;
            });
        }
    }

    private static <S> void remove(Map<Target, PredicateIndex<S>> groups, Entry<S> entry) {
        groups.computeIfPresent(entry.target, (_, group) -> {
            group.remove(entry);
            return group.isEmpty() ? null : group;
        });
    }

    public boolean isEmpty() {
        return groups.isEmpty();
    }

    /// Calls the action for each subscription whose target and events the change meets and whose predicate is
    /// [Truth#TRUE], [Truth#UNDECIDED], [Truth#FAILED] or [Truth#INAPPLICABLE] for its judged row; and for each
    /// that the row before an UPDATE meets in the same way, which may then be named twice.
    public void forEachMatch(Change change, BiConsumer<Entry<S>, Truth> action) {
        ChangeEvent event = ChangeEvent.of(change);
        Row judged = judgedRow(change);
        if (event == null || judged == null) {
            return;
        }
        for (Target target : targetsOf(change.table().id())) {
            PredicateIndex<S> group = groups.get(target);
            if (group != null) {
                group.forEachMatch(event, judged, action);
            }
        }
        if (change instanceof Change.Update update && !byOldRow.isEmpty()) {
            forEachDeparture(update, action);
        }
    }

    private void forEachDeparture(Change.Update update, BiConsumer<Entry<S>, Truth> action) {
        for (Target target : targetsOf(update.table().id())) {
            PredicateIndex<Entry<S>> group = byOldRow.get(target);
            if (group != null) {
                group.forEachMatch(
                        ChangeEvent.UPDATE,
                        update.oldRow(),
                        (departure, truth) -> action.accept(departure.subscriber, truth));
            }
        }
    }

    /// Calls the action for each subscription that the change may concern although [#forEachMatch] does not name it:
    /// whether its predicate is met hangs on a large value that an UPDATE left alone and does not carry. May name
    /// one twice.
    public void forEachInDoubt(Change change, Consumer<Entry<S>> action) {
        if (byUnchanged.isEmpty() || !(change instanceof Change.Update update)) {
            return;
        }
        Set<String> unchanged = UnchangedValues.of(change);
        if (unchanged.isEmpty()) {
            return;
        }
        for (Target target : targetsOf(change.table().id())) {
            Map<String, Set<Entry<S>>> columns = byUnchanged.getOrDefault(target, Map.of());
            for (String column : unchanged) {
                for (Entry<S> entry : columns.getOrDefault(column, Set.of())) {
                    if (UnchangedValues.mayMeet(entry.predicate, update.newRow())) {
                        action.accept(entry);
                    }
                }
            }
        }
    }

    private static List<Target> targetsOf(TableId table) {
        return List.of(
                new Target.OneTable(table),
                new Target.OneSchema(table.schema()),
                new Target.AnySchema(table.name()),
                new Target.AllTables());
    }

    /// INSERT and UPDATE are judged by the new row, DELETE by what the replica identity holds of the old one;
    /// null for a TRUNCATE, which concerns nobody.
    public static @Nullable Row judgedRow(Change change) {
        return switch (change) {
            case Change.Insert insert -> insert.newRow();
            case Change.Update update -> update.newRow();
            case Change.Delete delete -> delete.oldRow();
            case Change.Truncate _ -> null;
        };
    }
}
