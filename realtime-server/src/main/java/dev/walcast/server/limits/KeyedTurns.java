package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/// A bounded number of turns for each key, given in the order of the requests. A key takes no memory while no turn of
/// it is taken or wanted. Safe for any thread.
public final class KeyedTurns<K> {
    private final int max;
    private final Map<K, Turns> keys = new ConcurrentHashMap<>();

    /// The free turns of a key, and how many threads hold or want one.
    private record Turns(Semaphore free, int users) {
        Turns and(int more) {
            return new Turns(free, users + more);
        }
    }

    /// @param max the turns of one key
    public KeyedTurns(int max) {
        this.max = max;
    }

    /// Waits for a turn. The caller must give it back.
    public void acquire(K key) throws InterruptedException {
        try {
            enter(key).acquire();
        } catch (InterruptedException e) {
            leave(key);
            throw e;
        }
    }

    /// As [#acquire], but an interrupt does not end the wait, and is kept.
    void acquireUninterruptibly(K key) {
        enter(key).acquireUninterruptibly();
    }

    /// Gives a turn back.
    public void release(K key) {
        requireNonNull(keys.get(key)).free.release();
        leave(key);
    }

    /// How many keys have a turn that is taken or wanted.
    public int size() {
        return keys.size();
    }

    private Semaphore enter(K key) {
        return keys.compute(key, (_, known) -> known == null ? new Turns(new Semaphore(max, true), 1) : known.and(1))
                .free();
    }

    private void leave(K key) {
        keys.computeIfPresent(key, (_, known) -> left(known));
    }

    private static @Nullable Turns left(Turns known) {
        return known.users == 1 ? null : known.and(-1);
    }
}
