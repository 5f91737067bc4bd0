package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.Target;
import dev.walcast.server.encode.Encodings;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/// The window's changes by table, in order. Guarded by the window's lock.
public final class TableHistory {
    private final Map<TableId, NavigableMap<Position, Encodings>> tables = new HashMap<>();

    /// One or several tables, and the position after which their changes are wanted.
    public record Wanted(Target target, Position after) {
        Position after(Position cursor) {
            return after.isAfter(cursor) ? after : cursor;
        }
    }

    void clear() {
        tables.clear();
    }

    void add(List<Encodings> changes) {
        for (Encodings encodings : changes) {
            tables.computeIfAbsent(encodings.change().table().id(), _ -> new TreeMap<>())
                    .put(encodings.change().position(), encodings);
        }
    }

    void remove(List<Encodings> changes) {
        for (Encodings encodings : changes) {
            tables.computeIfPresent(encodings.change().table().id(), (_, table) -> {
                table.remove(encodings.change().position());
                return table.isEmpty() ? null : table;
            });
        }
    }

    /// Returns the next wanted changes after a position.
    List<Encodings> next(Collection<Wanted> wanted, Position cursor, int max) {
        Map<TableId, Position> from = new HashMap<>();
        for (Wanted one : wanted) {
            for (TableId table : tablesOf(one.target())) {
                from.merge(table, one.after(cursor), (some, other) -> some.isAfter(other) ? other : some);
            }
        }
        List<Encodings> changes = new ArrayList<>();
        from.forEach((table, after) -> requireNonNull(tables.get(table)).tailMap(after, false).values().stream()
                .limit(max)
                .forEach(changes::add));
        if (from.size() > 1) {
            changes.sort(Comparator.comparing(encodings -> encodings.change().position()));
        }
        return changes.size() > max ? List.copyOf(changes.subList(0, max)) : changes;
    }

    private Collection<TableId> tablesOf(Target target) {
        if (target instanceof Target.OneTable one) {
            return tables.containsKey(one.table()) ? List.of(one.table()) : List.of();
        }
        return tables.keySet().stream().filter(target::includes).toList();
    }

    /// Whether a table now has other columns than at that position.
    boolean hasOtherColumns(List<? extends Target> targets, Position after) {
        return tables.entrySet().stream()
                .filter(table -> targets.stream().anyMatch(target -> target.includes(table.getKey())))
                .anyMatch(table -> hasOtherColumns(table.getValue(), after));
    }

    private static boolean hasOtherColumns(NavigableMap<Position, Encodings> changes, Position after) {
        Map.Entry<Position, Encodings> seen = changes.floorEntry(after);
        Map.Entry<Position, Encodings> first = seen == null ? changes.higherEntry(after) : seen;
        return first != null
                && !first.getValue()
                        .change()
                        .table()
                        .hasColumnsOf(changes.lastEntry().getValue().change().table());
    }
}
