package dev.walcast.server.limits;

import java.util.concurrent.Semaphore;

/// A bounded number of turns. One client may take half of them, so that a busy client leaves some to the others. Safe
/// for any thread.
public final class ClientTurns {
    private final int max;
    private final Semaphore all;
    private final KeyedTurns<ClientKey> clients;

    /// @param max the turns of all clients
    public ClientTurns(int max) {
        this.max = max;
        this.all = new Semaphore(max, true);
        this.clients = new KeyedTurns<>(Math.max(1, max / 2));
    }

    /// Waits for a turn. The caller must give it back.
    public void acquire(ClientKey client) throws InterruptedException {
        clients.acquire(client);
        try {
            all.acquire();
        } catch (InterruptedException e) {
            clients.release(client);
            throw e;
        }
    }

    /// As [#acquire], but an interrupt does not end the wait, and is kept.
    public void acquireUninterruptibly(ClientKey client) {
        clients.acquireUninterruptibly(client);
        all.acquireUninterruptibly();
    }

    /// Gives a turn back.
    public void release(ClientKey client) {
        all.release();
        clients.release(client);
    }

    /// How many turns are taken.
    public int taken() {
        return max - all.availablePermits();
    }
}
