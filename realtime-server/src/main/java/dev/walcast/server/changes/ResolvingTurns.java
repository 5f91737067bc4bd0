package dev.walcast.server.changes;

import dev.walcast.server.channel.ClientKey;
import java.util.concurrent.Semaphore;

/// Lets a bounded number of subscriptions be resolved at once, at most half of them for one table and less than that
/// for
/// one client: a table that answers slowly leaves room for the others, and so does a client with many subscriptions.
/// Safe for any thread.
final class ResolvingTurns {
    private static final int ALL_MAX = 8;
    private static final int OF_ONE_TABLE_MAX = ALL_MAX / 2;

    /// Fewer than those of a table, so that a client leaves room on the same table as well.
    private static final int OF_ONE_CLIENT_MAX = OF_ONE_TABLE_MAX - 1;

    private final Semaphore all = new Semaphore(ALL_MAX, true);
    private final KeyedTurns<Object> tables = new KeyedTurns<>(OF_ONE_TABLE_MAX);
    private final KeyedTurns<ClientKey> clients = new KeyedTurns<>(OF_ONE_CLIENT_MAX);

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
