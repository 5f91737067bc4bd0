package dev.walcast.server.subscribe;

import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.limits.KeyedTurns;
import java.util.concurrent.Semaphore;

/// Lets a bounded number of subscriptions be resolved at once, at most half of them for one table and less than
/// that for one client: a table that answers slowly leaves room for the others, and so does a client with many
/// subscriptions. Safe for any thread.
final class ResolvingTurns {
    private static final int ALL_MAX = 8;

    private final Semaphore all;
    private final KeyedTurns<Object> tables;
    private final KeyedTurns<ClientKey> clients;

    /// Eight, four for one table, and three for one client, which so leaves room on the same table as well.
    ResolvingTurns() {
        this(ALL_MAX, ALL_MAX / 2, ALL_MAX / 2 - 1);
    }

    ResolvingTurns(int allMax, int ofOneTableMax, int ofOneClientMax) {
        this.all = new Semaphore(allMax, true);
        this.tables = new KeyedTurns<>(ofOneTableMax);
        this.clients = new KeyedTurns<>(ofOneClientMax);
    }

    /// Waits for a turn; the caller gives it back by closing it, once.
    ///
    /// @param table  what the subscription is for; any object, equal for the same table
    /// @param client that subscribes
    Turn take(Object table, ClientKey client) throws InterruptedException {
        // while a client waits for itself it takes no turn of a table, and while it waits for a table none of all
        clients.acquire(client);
        try {
            tables.acquire(table);
        } catch (InterruptedException e) {
            clients.release(client);
            throw e;
        }
        try {
            all.acquire();
        } catch (InterruptedException e) {
            tables.release(table);
            clients.release(client);
            throw e;
        }
        return () -> {
            all.release();
            tables.release(table);
            clients.release(client);
        };
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
