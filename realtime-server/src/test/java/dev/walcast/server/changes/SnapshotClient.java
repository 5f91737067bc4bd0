package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.SnapshotBinding.Told;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.request.BindingRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A client that follows docs/resume.md: it reads rows, applies changes, resumes, and begins again after a reset. A
/// message that the server must not send is an error that [#check()] throws.
final class SnapshotClient {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String name;
    private final List<SnapshotBinding> bindings;
    private final Random random;
    private volatile @Nullable AssertionError failure;
    private @Nullable Session session;

    SnapshotClient(String name, List<SnapshotBinding> bindings, long seed) {
        this.name = name;
        this.bindings = List.copyOf(bindings);
        this.random = new Random(seed);
    }

    List<SnapshotBinding> bindings() {
        return bindings;
    }

    // -- controlled by the test; by one thread

    boolean isAway() {
        return session == null;
    }

    void connect(ChangeFeed feed) {
        cut();
        List<Binding> requests = new ArrayList<>();
        for (int i = 0; i < bindings.size(); i++) {
            requests.add(new Binding(i + 1, BindingRequest.read(bindings.get(i).join())));
        }
        Session fresh = new Session();
        session = fresh;
        fresh.subscription = feed.subscribe(requests, new Viewer("anon", "{}"), fresh);
    }

    void cut() {
        Session current = session;
        if (current != null) {
            current.cut();
            session = null;
        }
    }

    /// From now on it takes nothing that can wait, or takes everything again.
    void stall(boolean stalled) {
        Session current = session;
        if (current != null) {
            current.stalled = stalled;
        }
    }

    void changeViewer() {
        Session current = session;
        if (current != null && current.subscription != null) {
            current.subscription.changeViewer(new Viewer("anon", "{\"n\":" + random.nextInt(3) + "}"));
        }
    }

    /// Whether it received a reset and has to join again.
    boolean hasToJoinAgain() {
        Session current = session;
        if (current == null) {
            return false;
        }
        synchronized (current) {
            return current.live && bindings.stream().anyMatch(SnapshotBinding::hasToBeginAnew);
        }
    }

    // -- checks

    /// Whether each binding has got as many changes as it must.
    boolean isComplete(ModelTables tables, List<ScriptedSource.Scripted> log) {
        Session current = session;
        if (current == null || failure != null) {
            return true;
        }
        synchronized (current) {
            return current.live && bindings.stream().allMatch(binding -> binding.isComplete(tables, log));
        }
    }

    void check() {
        if (failure != null) {
            throw new AssertionError(name + ": " + failure.getMessage(), failure);
        }
    }

    void check(ModelTables tables, List<ScriptedSource.Scripted> log) {
        check();
        Session current = session;
        if (current != null) {
            synchronized (current) {
                assertThat(current.live).as(name + " is live").isTrue();
                bindings.forEach(binding -> binding.check(name, tables, log));
            }
        }
    }

    /// One connection. What arrives after it was cut is dropped.
    private final class Session implements ChangeReceiver {
        private ChangeFeed.@Nullable Subscription subscription;
        private boolean cut;
        private boolean live;
        private volatile boolean stalled;

        private void cut() {
            synchronized (this) {
                cut = true;
            }
            if (subscription != null) {
                subscription.close();
            }
        }

        private synchronized void take(Runnable action) {
            if (!cut && failure == null) {
                try {
                    action.run();
                } catch (AssertionError | RuntimeException e) {
                    failure = e instanceof AssertionError error ? error : new AssertionError(e);
                }
            }
        }

        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> place) {
            take(() -> {
                FeedPlace where = place.orElseThrow();
                for (int i = 0; i < bindings.size(); i++) {
                    int id = i + 1;
                    Optional<FeedPlace.Resumed> answer = where.bindings().stream()
                            .filter(one -> one.id() == id)
                            .findFirst();
                    bindings.get(i).onLive(where.position(), answer, live);
                }
                live = true;
            });
        }

        @Override
        public void onSnapshot(int id, SnapshotChunk chunk) {
            take(() -> {
                assertThat(live).as("rows come before it is live").isFalse();
                bindings.get(id - 1).onSnapshot(chunk.first(), chunk.last(), json("{" + text(chunk.members()) + "}"));
            });
            dawdle();
        }

        @Override
        public void onChange(int[] ids, EncodedChange change) {
            take(() -> {
                Told told = Told.read(json(text(change.data())));
                for (int id : ids) {
                    bindings.get(id - 1).onChange(told, live);
                }
            });
            dawdle();
        }

        @Override
        public void onRefused(String message) {
            take(() -> {
                throw new AssertionError(message);
            });
        }

        @Override
        public void onTrouble(String message) {
            take(() -> {
                throw new AssertionError(message);
            });
        }

        private void dawdle() {
            if (chance(20)) {
                LockSupport.parkNanos(100_000);
            }
        }

        @Override
        public boolean hasRoom() {
            return !stalled && !chance(8);
        }

        @Override
        public void awaitRoom() throws InterruptedException {
            do {
                LockSupport.parkNanos(chance(8) ? 3_000_000 : 50_000);
                if (Thread.interrupted()) {
                    throw new InterruptedException();
                }
            } while (stalled && !isCut());
        }

        private synchronized boolean isCut() {
            return cut;
        }
    }

    private synchronized boolean chance(int in) {
        return random.nextInt(in) == 0;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static JsonNode json(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
