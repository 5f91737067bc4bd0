package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Answers one question: which subscriptions does this change concern?
///
/// A filtered subscription is found through the hash of its first term, so a change costs what it reaches. Any thread
/// may
/// add and remove while another walks the matches; an addition is seen by every walk that begins after it returned.
///
/// @param <S> what is subscribed; opaque here
public final class SubscriptionIndex<S> {
    private final Map<Target, Group<S>> groups = new ConcurrentHashMap<>();

    /// One subscription's place in the index, itself only; hand it back to [#remove(Entry)].
    public static final class Entry<S> {
        private final Target target;
        private final Set<ChangeEvent> events;
        private final RowFilter filter;
        private final S subscriber;

        public Entry(Target target, Set<ChangeEvent> events, RowFilter filter, S subscriber) {
            this.target = requireNonNull(target, "target is null");
            this.events = Set.copyOf(events);
            this.filter = requireNonNull(filter, "filter is null");
            this.subscriber = requireNonNull(subscriber, "subscriber is null");
        }

        public RowFilter filter() {
            return filter;
        }

        public S subscriber() {
            return subscriber;
        }
    }

    public void add(Entry<S> entry) {
        groups.compute(entry.target, (_, group) -> {
            Group<S> present = group == null ? new Group<>() : group;
            present.add(entry);
            return present;
        });
    }

    public void remove(Entry<S> entry) {
        groups.computeIfPresent(entry.target, (_, group) -> {
            group.remove(entry);
            return group.isEmpty() ? null : group;
        });
    }

    public boolean isEmpty() {
        return groups.isEmpty();
    }

    /// Calls the action for each subscription whose target, events and filter the change meets. INSERT and UPDATE are
    /// judged
    /// by the new row, DELETE by what the replica identity holds of the old one; a TRUNCATE concerns nobody.
    public void forEachMatch(Change change, Consumer<Entry<S>> action) {
        ChangeEvent event = ChangeEvent.of(change);
        Row judged = judgedRow(change);
        if (event == null || judged == null) {
            return;
        }
        for (Target target : targetsOf(change.table().id())) {
            Group<S> group = groups.get(target);
            if (group != null) {
                group.forEachMatch(event, judged, action);
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

    private static @Nullable Row judgedRow(Change change) {
        return switch (change) {
            case Change.Insert insert -> insert.newRow();
            case Change.Update update -> update.newRow();
            case Change.Delete delete -> delete.oldRow();
            case Change.Truncate _ -> null;
        };
    }

    /// The subscriptions of one target: those without a filter, and the rest by column and key of their first term.
    private static final class Group<S> {
        private final Set<Entry<S>> unfiltered = ConcurrentHashMap.newKeySet();
        private final Map<KeyedColumn, KeyedEntries<S>> keyed = new ConcurrentHashMap<>();

        void add(Entry<S> entry) {
            if (entry.filter.terms().isEmpty()) {
                unfiltered.add(entry);
                return;
            }
            EqualTerm first = entry.filter.terms().getFirst();
            keyed.computeIfAbsent(columnOf(first), _ -> new KeyedEntries<>(first.canonical()))
                    .byKey
                    .computeIfAbsent(first.key(), _ -> ConcurrentHashMap.newKeySet())
                    .add(entry);
        }

        void remove(Entry<S> entry) {
            if (entry.filter.terms().isEmpty()) {
                unfiltered.remove(entry);
                return;
            }
            EqualTerm first = entry.filter.terms().getFirst();
            keyed.computeIfPresent(columnOf(first), (_, entries) -> {
                entries.byKey.computeIfPresent(first.key(), (_, same) -> {
                    same.remove(entry);
                    return same.isEmpty() ? null : same;
                });
                return entries.byKey.isEmpty() ? null : entries;
            });
        }

        boolean isEmpty() {
            return unfiltered.isEmpty() && keyed.isEmpty();
        }

        void forEachMatch(ChangeEvent event, Row row, Consumer<Entry<S>> action) {
            deliver(unfiltered, event, row, action);
            for (Map.Entry<KeyedColumn, KeyedEntries<S>> column : keyed.entrySet()) {
                deliver(candidates(column.getKey(), column.getValue(), row), event, row, action);
            }
        }

        private Set<Entry<S>> candidates(KeyedColumn column, KeyedEntries<S> entries, Row row) {
            int index = row.table().indexOf(column.name());
            if (index < 0 || row.table().columns().get(index).type().oid() != column.typeOid()) {
                return Set.of();
            }
            String text = row.text(index);
            return text == null ? Set.of() : entries.byKey.getOrDefault(entries.canonical.apply(text), Set.of());
        }

        private void deliver(Set<Entry<S>> entries, ChangeEvent event, Row row, Consumer<Entry<S>> action) {
            for (Entry<S> entry : entries) {
                if (entry.events.contains(event) && entry.filter.matches(row)) {
                    action.accept(entry);
                }
            }
        }

        private static KeyedColumn columnOf(EqualTerm term) {
            return new KeyedColumn(term.column(), term.typeOid());
        }
    }

    /// A column as one type's keys see it.
    private record KeyedColumn(String name, long typeOid) {}

    private static final class KeyedEntries<S> {
        private final UnaryOperator<String> canonical;
        private final Map<String, Set<Entry<S>>> byKey = new ConcurrentHashMap<>();

        KeyedEntries(UnaryOperator<String> canonical) {
            this.canonical = canonical;
        }
    }
}
