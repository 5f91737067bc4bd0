package dev.walcast.server.auth;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.ThreadStarter;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Holds the keys behind a URL. Its own thread fetches them at regular intervals, and also when a token names a key
/// that is not known. At most one fetch is under way at a time, and unknown keys cause at most one fetch per
/// [Timing#pause].
final class FetchedKeys implements KeyLookup {
    private static final Logger LOG = LoggerFactory.getLogger(FetchedKeys.class);

    private final JwksEndpoint endpoint;
    private final Timing timing;
    private final LongSupplier nanoTime;
    private final ThreadStarter threads;
    private final Periodic periodic;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private KeySet keys = KeySet.none();

    @GuardedBy("lock")
    private long fetchedNanos;

    @GuardedBy("lock")
    private @Nullable CompletableFuture<@Nullable Void> fetch;

    @GuardedBy("lock")
    private long fetchStartedNanos;

    /// @param refreshEvery the interval between fetches
    /// @param patience     how long a token waits for a fetch
    /// @param pause        how long after the start of a fetch an unknown key does not cause another
    /// @param staleFor     how long keys are used while they cannot be fetched
    record Timing(Duration refreshEvery, Duration patience, Duration pause, Duration staleFor) {
        static Timing usual() {
            return new Timing(
                    Duration.ofMinutes(5), Duration.ofSeconds(2), Duration.ofSeconds(10), Duration.ofHours(24));
        }
    }

    private FetchedKeys(JwksEndpoint endpoint, Timing timing, LongSupplier nanoTime, ThreadStarter threads) {
        this.endpoint = requireNonNull(endpoint, "endpoint is null");
        this.timing = requireNonNull(timing, "timing is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.threads = requireNonNull(threads, "threads is null");
        this.periodic = new Periodic("refresh-keys", timing.refreshEvery(), _ -> refresh());
    }

    /// Starts the first fetch. Until it has ended no key is known, and tokens wait for it as for an unknown key.
    static FetchedKeys start(JwksEndpoint endpoint, Timing timing, LongSupplier nanoTime) {
        return start(endpoint, timing, nanoTime, ThreadStarter.VIRTUAL);
    }

    static FetchedKeys start(JwksEndpoint endpoint, Timing timing, LongSupplier nanoTime, ThreadStarter threads) {
        FetchedKeys keys = new FetchedKeys(endpoint, timing, nanoTime, threads);
        Future<?> _ = keys.startFetch();
        return keys;
    }

    /// Starts the fetches at regular intervals. Before this call keys are fetched once, and when a token names an
    /// unknown key.
    @Override
    public void keepFresh(Supervisor supervisor) {
        periodic.startWithPause(supervisor);
    }

    @Override
    public Optional<VerificationKey> find(String keyId, SignatureAlgorithm algorithm) {
        if (algorithm.isSymmetric()) {
            return Optional.empty();
        }
        Optional<VerificationKey> known = current().find(keyId, algorithm);
        if (known.isPresent()) {
            return known;
        }
        await(fetchUnlessJustTried());
        return current().find(keyId, algorithm);
    }

    @Override
    public void close() {
        periodic.close();
        endpoint.close();
    }

    private KeySet current() {
        synchronized (lock) {
            return nanoTime.getAsLong() - fetchedNanos > timing.staleFor().toNanos() ? KeySet.none() : keys;
        }
    }

    private void refresh() {
        Future<?> _ = startFetch();
    }

    private CompletableFuture<@Nullable Void> fetchUnlessJustTried() {
        synchronized (lock) {
            boolean justTried = fetch != null
                    && nanoTime.getAsLong() - fetchStartedNanos < timing.pause().toNanos();
            return justTried ? requireNonNull(fetch) : startFetch();
        }
    }

    /// The fetch under way, or a new one.
    private CompletableFuture<@Nullable Void> startFetch() {
        synchronized (lock) {
            CompletableFuture<@Nullable Void> running = fetch;
            if (running != null && !running.isDone()) {
                return running;
            }
            CompletableFuture<@Nullable Void> started = new CompletableFuture<>();
            fetch = started;
            fetchStartedNanos = nanoTime.getAsLong();
            try {
                threads.start("jwks-fetch", () -> fetch(started));
            } catch (RuntimeException | Error e) {
                started.complete(null); // otherwise this fetch would never end
                FatalErrors.check(e);
                LOG.error("JWT_JWKS: no thread could be started to fetch the keys", e);
            }
            return started;
        }
    }

    private void fetch(CompletableFuture<@Nullable Void> done) {
        try {
            KeySet fetched = endpoint.fetch();
            if (!fetched.equals(replace(fetched))) {
                LOG.info("JWT_JWKS: {} keys fetched", fetched.entries().size());
                fetched.skipped().forEach(sentence -> LOG.warn("JWT_JWKS: {}", sentence));
            }
        } catch (IOException e) {
            if (!periodic.isClosed()) {
                LOG.warn(
                        "JWT_JWKS: the keys cannot be fetched; those of the last fetch stay in use: {}",
                        e.getMessage());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            done.complete(null);
        }
    }

    /// @return the keys that were replaced
    private KeySet replace(KeySet fetched) {
        synchronized (lock) {
            KeySet before = keys;
            keys = fetched;
            fetchedNanos = nanoTime.getAsLong();
            return before;
        }
    }

    private void await(CompletableFuture<@Nullable Void> running) {
        try {
            running.get(timing.patience().toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (TimeoutException | ExecutionException _) {
            // uses the keys of the last fetch
        }
    }
}
