package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.Target;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;

/// Knows, for each table, the position after which the replay window is complete. A client of a quiet table can
/// resume after a long absence, no matter how busy other tables are. Guarded by the window's lock.
final class RetentionFloors {
    private final Map<TableId, Floor> tables = new HashMap<>();
    private Floor start = new Floor(Position.START, Long.MAX_VALUE);

    /// @param position every change after it is in the window
    /// @param micros   every change committed after this time is in the window
    private record Floor(Position position, long micros) {
        Floor raisedTo(Floor other) {
            return new Floor(
                    other.position.isAfter(position) ? other.position : position, Math.max(micros, other.micros));
        }
    }

    /// @param micros Long.MAX_VALUE when unknown
    void beginAt(Position position, long micros) {
        tables.clear();
        start = new Floor(position, micros);
    }

    /// Sets the time at which the first transaction after the start was committed.
    void setStartTime(long micros) {
        start = new Floor(start.position, Math.min(start.micros, micros));
    }

    void raise(TableId table, Position position, long micros) {
        Floor raised = new Floor(position, micros);
        tables.merge(requireNonNull(table, "table is null"), raised, Floor::raisedTo);
    }

    Position position(Collection<? extends Target> targets) {
        return of(targets).position;
    }

    long micros(Collection<? extends Target> targets) {
        return of(targets).micros;
    }

    private Floor of(Collection<? extends Target> targets) {
        Floor highest = start;
        for (Target target : targets) {
            if (target instanceof Target.OneTable one) {
                highest = highest.raisedTo(tables.getOrDefault(one.table(), start));
                continue;
            }
            for (Map.Entry<TableId, Floor> table : tables.entrySet()) {
                if (target.includes(table.getKey())) {
                    highest = highest.raisedTo(table.getValue());
                }
            }
        }
        return highest;
    }
}
