package dev.walcast.server.changes;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// Lets a bounded number of subscriptions be resolved at once, and at most half of them for one table: a table that
/// answers slowly leaves room for the others. Safe for any thread.
final class ResolvingTurns {
    private static final int ALL_MAX = 8;

    private final int ofOneMax;
    private final Semaphore all;
    private final Map<Object, Turns> tables = new ConcurrentHashMap<>();

    /// Eight, and four for one table.
    ResolvingTurns() {
        this(ALL_MAX, ALL_MAX / 2);
    }

    /// @param ofOneMax of those that are taken for one table, or for whatever else shares its turns
    ResolvingTurns(int allMax, int ofOneMax) {
        this.ofOneMax = ofOneMax;
        this.all = new Semaphore(allMax, true);
    }

    /// Those of one table, and how many threads hold or want one.
    private record Turns(Semaphore free, int users) {
        Turns and(int more) {
            return new Turns(free, users + more);
        }
    }

    /// Waits for a turn; the caller gives it back by closing it, once.
    ///
    /// @param table what the subscription is for; any object, equal for the same table
    Turn take(Object table) throws InterruptedException {
        Turns own = tables.compute(
                table, (_, known) -> known == null ? new Turns(new Semaphore(ofOneMax, true), 1) : known.and(1));
        try {
            own.free.acquire();
        } catch (InterruptedException e) {
            leave(table);
            throw e;
        }
        try {
            all.acquire();
        } catch (InterruptedException e) {
            own.free.release();
            leave(table);
            throw e;
        }
        return () -> {
            all.release();
            own.free.release();
            leave(table);
        };
    }

    private void leave(Object table) {
        tables.computeIfPresent(table, (_, known) -> left(known));
    }

    private static @Nullable Turns left(Turns known) {
        return known.users == 1 ? null : known.and(-1);
    }

    /// How many tables have a turn taken or wanted.
    int tables() {
        return tables.size();
    }

    interface Turn extends AutoCloseable {
        @Override
        void close();
    }
}
