package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
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

    /// One subscription's place in the index, itself only; hand it back to [#remove(Entry)].
    public static final class Entry<S> {
        private final Target target;
        /// One bit for each kind of change: this is looked at for every change that reaches the entry.
        private final int events;
        private final Predicate predicate;
        private final S subscriber;

        public Entry(Target target, Set<ChangeEvent> events, Predicate predicate, S subscriber) {
            this.target = requireNonNull(target, "target is null");
            this.events = events.stream().mapToInt(Entry::bit).sum();
            this.predicate = requireNonNull(predicate, "predicate is null");
            this.subscriber = requireNonNull(subscriber, "subscriber is null");
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

        boolean wants(ChangeEvent event) {
            return (events & bit(event)) != 0;
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
        groups.compute(entry.target, (_, group) -> {
            PredicateIndex<S> present = group == null ? new PredicateIndex<>() : group;
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

    /// Calls the action for each subscription whose target and events the change meets and whose predicate is
    /// [Truth#TRUE], [Truth#UNDECIDED] or [Truth#FAILED] for its judged row.
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
