package dev.walcast.filters.index;

import dev.walcast.cdc.Row;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Predicate.Term;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.filters.predicate.RowTest.Compare;
import dev.walcast.filters.predicate.RowTest.OneOf;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.Comparison;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Finds the subscriptions of one target by their predicates. Equal predicates share a node. A node is stored
/// under the values of one of its equalities, or in the order of one of its bounds; all other nodes are tested
/// for every change.
///
/// The caller makes additions and removals exclude each other. Iteration may run at the same time.
final class PredicateIndex<S> {
    private final Map<Predicate, Node<S>> nodes = new ConcurrentHashMap<>();
    private final Map<ResolvedColumn, Equalities<S>> equalities = new ConcurrentHashMap<>();
    private final Map<ResolvedColumn, Bounds<S>> bounds = new ConcurrentHashMap<>();
    private final Set<Node<S>> others = ConcurrentHashMap.newKeySet();

    /// The subscriptions of one predicate.
    private static final class Node<S> extends SmallSet<Entry<S>> {
        private final Predicate predicate;
        /// The term under which the node is stored; null when it is stored under none.
        private final @Nullable Term indexed;
        /// What remains to be tested when that term is known to be true.
        private final Predicate residual;

        Node(Predicate predicate, @Nullable Term indexed) {
            this.predicate = predicate;
            this.indexed = indexed;
            this.residual = indexed == null
                    ? predicate
                    : Predicate.and(predicate.conjuncts().stream()
                            .filter(part -> !part.equals(indexed))
                            .toList());
        }
    }

    /// The nodes that are stored under the values of one column.
    private record Equalities<S>(ComparableType kind, Map<Object, SmallSet<Node<S>>> byKey) {
        int size(Object key) {
            SmallSet<Node<S>> present = byKey.get(key);
            return present == null ? 0 : present.size();
        }
    }

    /// The nodes that are stored by a bound on one column: those that need a greater value, and those that need
    /// a smaller one.
    private record Bounds<S>(
            ComparableType kind,
            ConcurrentSkipListMap<Object, SmallSet<Node<S>>> lower,
            ConcurrentSkipListMap<Object, SmallSet<Node<S>>> upper) {
        static <S> Bounds<S> of(ComparableType kind) {
            return new Bounds<>(
                    kind, new ConcurrentSkipListMap<>(kind::compare), new ConcurrentSkipListMap<>(kind::compare));
        }

        ConcurrentSkipListMap<Object, SmallSet<Node<S>>> side(Comparison comparison) {
            return comparison == Comparison.GREATER || comparison == Comparison.GREATER_OR_EQUAL ? lower : upper;
        }
    }

    boolean isEmpty() {
        return nodes.isEmpty();
    }

    void add(Entry<S> entry) {
        Node<S> node = nodes.get(entry.predicate());
        if (node == null) {
            node = new Node<>(entry.predicate(), bestTerm(entry.predicate()));
            node.add(entry);
            nodes.put(entry.predicate(), node);
            place(node);
        } else {
            node.add(entry);
        }
    }

    void remove(Entry<S> entry) {
        Node<S> node = nodes.get(entry.predicate());
        if (node != null && node.remove(entry) && node.isEmpty()) {
            nodes.remove(entry.predicate());
            displace(node);
        }
    }

    /// Returns the term under which a node is stored: the equality with the fewest nodes, else a list of
    /// values, else a bound.
    private @Nullable Term bestTerm(Predicate predicate) {
        Term best = null;
        long bestCost = Long.MAX_VALUE;
        for (Predicate part : predicate.conjuncts()) {
            if (part instanceof Term term) {
                long cost = cost(term.test());
                if (cost < bestCost) {
                    best = term;
                    bestCost = cost;
                }
            }
        }
        return best;
    }

    private long cost(RowTest test) {
        return switch (test) {
            case Compare compare when compare.comparison() == Comparison.EQUAL -> crowd(compare.place(), compare.key());
            case OneOf oneOf
            when !oneOf.hasNull() ->
                1
                        + oneOf.keys().stream()
                                .mapToLong(key -> crowd(oneOf.place(), key))
                                .sum();
            case Compare compare when compare.comparison().needsOrder() -> Integer.MAX_VALUE;
            default -> Long.MAX_VALUE;
        };
    }

    private long crowd(ResolvedColumn place, Object key) {
        Equalities<S> present = equalities.get(place);
        return present == null ? 0 : present.size(key);
    }

    private void place(Node<S> node) {
        switch (node.indexed == null ? null : node.indexed.test()) {
            case Compare compare
            when compare.comparison() == Comparison.EQUAL ->
                placeUnder(compare.place(), compare.kind(), List.of(compare.key()), node);
            case OneOf oneOf -> placeUnder(oneOf.place(), oneOf.kind(), oneOf.keys(), node);
            case Compare compare ->
                bounds.computeIfAbsent(compare.place(), _ -> Bounds.of(compare.kind()))
                        .side(compare.comparison())
                        .computeIfAbsent(compare.key(), _ -> new SmallSet<>())
                        .add(node);
            case null, default -> others.add(node);
        }
    }

    private void placeUnder(ResolvedColumn place, ComparableType kind, Collection<Object> keys, Node<S> node) {
        Equalities<S> column =
                equalities.computeIfAbsent(place, _ -> new Equalities<>(kind, new ConcurrentHashMap<>()));
        for (Object key : keys) {
            column.byKey.computeIfAbsent(key, _ -> new SmallSet<>()).add(node);
        }
    }

    private void displace(Node<S> node) {
        switch (node.indexed == null ? null : node.indexed.test()) {
            case Compare compare
            when compare.comparison() == Comparison.EQUAL ->
                displaceFrom(compare.place(), List.of(compare.key()), node);
            case OneOf oneOf -> displaceFrom(oneOf.place(), oneOf.keys(), node);
            case Compare compare ->
                bounds.computeIfPresent(compare.place(), (_, column) -> {
                    removeFrom(column.side(compare.comparison()), compare.key(), node);
                    return column.lower.isEmpty() && column.upper.isEmpty() ? null : column;
                });
            case null, default -> others.remove(node);
        }
    }

    private void displaceFrom(ResolvedColumn place, Collection<Object> keys, Node<S> node) {
        equalities.computeIfPresent(place, (_, column) -> {
            keys.forEach(key -> removeFrom(column.byKey, key, node));
            return column.byKey.isEmpty() ? null : column;
        });
    }

    private static <S> void removeFrom(Map<Object, SmallSet<Node<S>>> map, Object key, Node<S> node) {
        map.computeIfPresent(key, (_, same) -> {
            same.remove(node);
            return same.isEmpty() ? null : same;
        });
    }

    void forEachMatch(ChangeEvent event, Row row, BiConsumer<Entry<S>, Truth> action) {
        for (Node<S> node : others) {
            visit(node, node.predicate, event, row, action);
        }
        equalities.forEach((place, column) -> visitEqual(place, column, event, row, action));
        bounds.forEach((place, column) -> visitBounded(place, column, event, row, action));
    }

    private void visitEqual(
            ResolvedColumn place,
            Equalities<S> column,
            ChangeEvent event,
            Row row,
            BiConsumer<Entry<S>, Truth> action) {
        if (isInapplicable(place, row)) {
            column.byKey.values().forEach(nodes -> visitWhole(nodes, event, row, action));
            return;
        }
        String text = text(place, row);
        if (text == null) {
            return;
        }
        Object key = column.kind.keyOf(text);
        if (key == null) {
            column.byKey.values().forEach(nodes -> visitWhole(nodes, event, row, action));
            return;
        }
        SmallSet<Node<S>> nodes = column.byKey.get(key);
        if (nodes != null) {
            nodes.forEach(node -> visit(node, node.residual, event, row, action));
        }
    }

    private void visitBounded(
            ResolvedColumn place, Bounds<S> column, ChangeEvent event, Row row, BiConsumer<Entry<S>, Truth> action) {
        if (isInapplicable(place, row)) {
            column.lower.values().forEach(nodes -> visitWhole(nodes, event, row, action));
            column.upper.values().forEach(nodes -> visitWhole(nodes, event, row, action));
            return;
        }
        String text = text(place, row);
        if (text == null) {
            return;
        }
        Object key = column.kind.keyOf(text);
        (key == null ? column.lower : column.lower.headMap(key, true))
                .values()
                .forEach(nodes -> visitWhole(nodes, event, row, action));
        (key == null ? column.upper : column.upper.tailMap(key, true))
                .values()
                .forEach(nodes -> visitWhole(nodes, event, row, action));
    }

    private static boolean isInapplicable(ResolvedColumn place, Row row) {
        return place.in(row) < 0 && place.ofAbsent(row) == Truth.INAPPLICABLE;
    }

    private static @Nullable String text(ResolvedColumn place, Row row) {
        int index = place.in(row);
        return index < 0 ? null : row.text(index);
    }

    private static <S> void visitWhole(
            SmallSet<Node<S>> nodes, ChangeEvent event, Row row, BiConsumer<Entry<S>, Truth> action) {
        nodes.forEach(node -> visit(node, node.predicate, event, row, action));
    }

    private static <S> void visit(
            Node<S> node, Predicate tested, ChangeEvent event, Row row, BiConsumer<Entry<S>, Truth> action) {
        Truth truth = tested.test(row, RowAnswers.NONE);
        if (truth != Truth.FALSE && truth != Truth.UNKNOWN) {
            node.forEach(entry -> {
                if (entry.wants(event)) {
                    action.accept(entry, truth);
                }
            });
        }
    }
}
