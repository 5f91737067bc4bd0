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

/// Finds the subscriptions that a change may concern.
///
/// A subscription is found by one indexed term of its predicate. Equal predicates are tested once for all their
/// subscriptions. So the time for a change depends on the subscriptions that it concerns, and not on all of
/// them. Any thread may add and remove entries while another iterates. An iteration sees every addition that
/// returned before it began.
///
/// @param <S> the subscriber, which this class does not look into
public final class SubscriptionIndex<S> {
    private final Map<Target, PredicateIndex<S>> groups = new ConcurrentHashMap<>();
    /// The entries that are also found by the row before an UPDATE.
    private final Map<Target, PredicateIndex<Entry<S>>> byOldRow = new ConcurrentHashMap<>();

    /// The entries that an UPDATE without the column's value may concern, by the column's name.
    private final Map<Target, Map<String, Set<Entry<S>>>> byUnchanged = new ConcurrentHashMap<>();

    /// One subscription's entry in the index. Entries are compared by identity. The same instance must be
    /// passed to [#remove(Entry)].
    public static final class Entry<S> {
        private final Target target;
        /// One bit for each kind of change. It is read for every change that reaches the entry.
        private final int events;
        private final Predicate predicate;
        private final S subscriber;
        private final @Nullable Entry<Entry<S>> departure;

        /// Creates an entry that is found by the new row, or by the old row of a DELETE.
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

        /// Creates an entry that is also found by every UPDATE whose new row meets `predicate` or whose old row
        /// meets `before`, whatever the events are. The caller decides what the subscriber gets.
        ///
        /// @param before the predicate for the old row
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

        /// Returns the predicate for the row before an UPDATE; empty when the old row is not tested.
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

    /// Adds an entry.
    public void add(Entry<S> entry) {
        add(groups, entry);
        if (entry.departure != null) {
            add(byOldRow, entry.departure);
        }
        for (String column : unchangedColumns(entry)) {
            byUnchanged.compute(entry.target, (_, known) -> {
                Map<String, Set<Entry<S>>> columns = known == null ? new ConcurrentHashMap<>() : known;
                columns.computeIfAbsent(column, _ -> ConcurrentHashMap.newKeySet())
                        .add(entry);
                return columns;
            });
        }
    }

    private static Set<String> unchangedColumns(Entry<?> entry) {
        return entry.wants(ChangeEvent.UPDATE) ? UnchangedValues.columns(entry.predicate) : Set.of();
    }

    private static <S> void add(Map<Target, PredicateIndex<S>> groups, Entry<S> entry) {
        groups.compute(entry.target, (_, group) -> {
            PredicateIndex<S> present = group == null ? new PredicateIndex<>() : group;
            present.add(entry);
            return present;
        });
    }

    /// Removes an entry; does nothing when it is not in the index.
    public void remove(Entry<S> entry) {
        remove(groups, entry);
        if (entry.departure != null) {
            remove(byOldRow, entry.departure);
        }
        for (String column : unchangedColumns(entry)) {
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
    /// [Truth#TRUE], [Truth#UNDECIDED], [Truth#FAILED] or [Truth#INAPPLICABLE] for its judged row. Also calls
    /// it for each subscription that the row before an UPDATE meets in the same way. Such a subscription may
    /// occur twice.
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

    /// Calls the action for each subscription that the change may concern although [#forEachMatch] does not
    /// find it: its predicate depends on a large value that an UPDATE left unchanged and does not carry. A
    /// subscription may occur twice.
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

    /// Returns the row by which a change is judged: the new row of an INSERT or UPDATE, or the old row of a
    /// DELETE, of which only the replica identity's columns are known. Null for a TRUNCATE.
    public static @Nullable Row judgedRow(Change change) {
        return switch (change) {
            case Change.Insert insert -> insert.newRow();
            case Change.Update update -> update.newRow();
            case Change.Delete delete -> delete.oldRow();
            case Change.Truncate _ -> null;
        };
    }
}
