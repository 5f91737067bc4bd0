package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.BindingRequest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A client that loses its connection repeatedly and resumes each binding from the last change it received.
final class ModelClient {
    private static final Pattern PLACE =
            Pattern.compile("\"commit_timestamp\":\"([^\"]+)\".*\"position\":\"([^\"]+)\"");

    private final String name;
    private final List<Wish> wishes;
    private final Random random;
    private @Nullable Session session;
    private int resumed;
    private int reset;

    /// One binding and its results.
    static final class Wish {
        private final String table;
        private final @Nullable String filter;
        private final boolean byTimestamp;
        private final List<String> applied = new ArrayList<>();
        private @Nullable String baseline;
        private @Nullable String timestamp;

        Wish(String table, @Nullable String filter, boolean byTimestamp) {
            this.table = table;
            this.filter = filter;
            this.byTimestamp = byTimestamp;
        }

        private ObjectNode request() {
            ObjectNode request = JsonNodeFactory.instance
                    .objectNode()
                    .put("event", "*")
                    .put("schema", "public")
                    .put("table", table);
            if (filter != null) {
                request.put("filter", filter);
            }
            return baseline == null ? request : request.put("resume", place());
        }

        private @Nullable String place() {
            if (byTimestamp && timestamp != null) {
                return timestamp;
            }
            return applied.isEmpty() ? baseline : applied.getLast();
        }

        private void apply(String position, String time) {
            if (byTimestamp && !applied.isEmpty() && position.compareTo(applied.getLast()) <= 0) {
                return;
            }
            applied.add(position);
            timestamp = time;
        }

        private void beginAt(String position) {
            applied.clear();
            timestamp = null;
            baseline = position;
        }

        private boolean meets(Change change) {
            Row row = Objects.requireNonNull(SubscriptionIndex.judgedRow(change));
            return (table.equals("*") || change.table().id().name().equals(table))
                    && (filter == null
                            || (filter.startsWith("v=match.")
                                    ? ModelDatabase.id(row) % 2 == 0
                                    : ModelDatabase.id(row) > Long.parseLong(filter.substring("id=gt.".length()))));
        }
    }

    ModelClient(String name, List<Wish> wishes, long seed) {
        this.name = name;
        this.wishes = wishes;
        this.random = new Random(seed);
    }

    /// One connection. What arrives after it was cut is dropped.
    private final class Session implements ChangeReceiver {
        private boolean cut;
        private boolean live;

        @Override
        public synchronized void onLive(List<String> warnings, Optional<FeedPlace> place) {
            if (cut || live) {
                return;
            }
            live = true;
            FeedPlace where = place.orElseThrow();
            for (int i = 0; i < wishes.size(); i++) {
                int id = i + 1;
                Optional<FeedPlace.Resumed> told =
                        where.bindings().stream().filter(one -> one.id() == id).findFirst();
                if (told.isPresent() && told.get().reset().isEmpty()) {
                    resumed++;
                } else {
                    reset += told.isPresent() ? 1 : 0;
                    wishes.get(i).beginAt(where.position());
                }
            }
        }

        @Override
        public void onRefused(String message) {
            throw new AssertionError(message);
        }

        @Override
        public void onTrouble(String message) {
            throw new AssertionError(message);
        }

        @Override
        public synchronized void onChange(int[] ids, EncodedChange change) {
            if (cut) {
                return;
            }
            Matcher place = PLACE.matcher(new String(change.data(), StandardCharsets.UTF_8));
            assertThat(place.find()).isTrue();
            for (int id : ids) {
                wishes.get(id - 1).apply(place.group(2), place.group(1));
            }
            if (random.nextInt(50) == 0) {
                LockSupport.parkNanos(random.nextInt(200_000));
            }
        }

        @Override
        public void onSnapshot(int id, SnapshotChunk chunk) {
            throw new AssertionError("no client asked for rows");
        }

        @Override
        public boolean hasRoom() {
            return random.nextInt(100) > 0;
        }

        @Override
        public void awaitRoom() {
            LockSupport.parkNanos(random.nextInt(100_000));
        }
    }

    /// Connects, listens for a while, and is cut off.
    void live(ChangeFeed feed, long nanos) {
        ChangeFeed.Subscription subscription = connect(feed);
        LockSupport.parkNanos(nanos);
        if (random.nextBoolean()) {
            subscription.changeViewer(new Viewer("anon", "{\"n\":" + random.nextInt() + "}"));
            LockSupport.parkNanos(nanos);
        }
        cut();
        subscription.close();
    }

    ChangeFeed.Subscription connect(ChangeFeed feed) {
        List<Binding> bindings = new ArrayList<>();
        for (int i = 0; i < wishes.size(); i++) {
            bindings.add(new Binding(i + 1, BindingRequest.read(wishes.get(i).request())));
        }
        Session fresh = new Session();
        session = fresh;
        return feed.subscribe(bindings, new Viewer("anon", "{}"), fresh);
    }

    void cut() {
        Session current = Objects.requireNonNull(session);
        synchronized (current) {
            current.cut = true;
        }
    }

    int resumed() {
        return resumed;
    }

    int reset() {
        return reset;
    }

    /// Whether each binding has got all that follows the place where it began.
    boolean isComplete(List<Change> log) {
        Session current = Objects.requireNonNull(session);
        synchronized (current) {
            return current.live
                    && wishes.stream()
                            .allMatch(wish ->
                                    wish.applied.size() >= expected(wish, log).size());
        }
    }

    void check(List<Change> log) {
        assertThat(Objects.requireNonNull(session).live).as(name + " is live").isTrue();
        for (Wish wish : wishes) {
            List<String> missing = new ArrayList<>(expected(wish, log));
            missing.removeAll(wish.applied);
            assertThat(missing)
                    .as("%s misses of %s %s since %s", name, wish.table, wish.filter, wish.baseline)
                    .isEmpty();
            assertThat(wish.applied)
                    .as("%s: %s %s since %s", name, wish.table, wish.filter, wish.baseline)
                    .isEqualTo(expected(wish, log));
        }
    }

    private static List<String> expected(Wish wish, List<Change> log) {
        String baseline = Objects.requireNonNull(wish.baseline);
        return log.stream()
                .filter(wish::meets)
                .map(change -> new FeedPosition(baseline.substring(0, 12), change.position()).toString())
                .filter(position -> position.compareTo(baseline) > 0)
                .toList();
    }
}
