package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.BindingRequest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Joins rows and changes step by step: which transactions the rows contain, what the window holds, and what happens
/// to it while the rows are read. Each transaction inserts one row, whose id is the transaction's.
class BeginningTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final ScriptedSource source = new ScriptedSource();
    private final Rows rows = new Rows();
    private final Client client = new Client();
    private ChangePath path;

    @BeforeEach
    void begin() {
        ModelDatabase database = new ModelDatabase(1);
        path = database.path(database, database, rows, ModelDatabase.ROOMY, () -> 0);
        source.attach(path, 0);
    }

    @AfterEach
    void end() {
        path.close();
    }

    // -- the log

    private long commit() {
        return commit(true);
    }

    /// @param kept whether the window can keep it; otherwise it evicts everything
    private long commit(boolean kept) {
        long xid = source.end().value() + 16;
        ScriptedSource.Scripted transaction =
                source.commit(0, List.of(ModelDatabase.row(ModelDatabase.BUSY, xid, "x")), kept);
        assertThat(transaction.commit().xid()).isEqualTo(xid);
        source.deliver(path, transaction);
        return xid;
    }

    // -- the rows

    private final class Rows implements RowReader {
        /// Not seen by the moments that are taken, one list after the other; the last one stays.
        private final List<List<Long>> running = new ArrayList<>(List.of(List.of()));

        private final AtomicInteger opened = new AtomicInteger();
        private Runnable meanwhile = () -> {};

        @Override
        public Reading open(RowQuery query) {
            opened.incrementAndGet();
            List<Long> unseen = running.size() > 1 ? running.removeFirst() : running.getFirst();
            long xmax = source.end().value() + 1;
            PgSnapshot moment = new PgSnapshot(
                    unseen.stream().min(Long::compare).orElse(xmax), xmax, new TreeSet<>(unseen), source.end());
            Iterator<Long> seen = source.log().stream()
                    .filter(transaction -> !transaction.changes().isEmpty())
                    .map(transaction -> transaction.commit().xid())
                    .filter(moment::contains)
                    .toList()
                    .iterator();
            return new Reading() {
                @Override
                public PgSnapshot snapshot() {
                    return moment;
                }

                @Override
                public Table table() {
                    return ModelDatabase.BUSY;
                }

                @Override
                public List<String> generated() {
                    return List.of();
                }

                @Override
                public @Nullable Row next() {
                    if (seen.hasNext()) {
                        return ModelDatabase.row(ModelDatabase.BUSY, seen.next(), "x");
                    }
                    meanwhile.run();
                    return null;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public void moveOn() {
            source.deliver(path, source.commit(0, List.of(), true));
        }
    }

    // -- the client

    private static final class Client implements ChangeReceiver {
        private final List<Long> rows = new ArrayList<>();
        private final List<Long> changes = new ArrayList<>();
        private int begun;
        private Runnable onChange = () -> {};
        private Runnable onRoom = () -> {};
        private final List<String> refused = new ArrayList<>();
        private volatile @Nullable Resumed answer;

        @Override
        public synchronized void onSnapshot(int id, SnapshotChunk chunk) {
            if (chunk.first()) {
                begun++;
                rows.clear();
                changes.clear();
            }
            json("{" + text(chunk.members()) + "}")
                    .get("rows")
                    .forEach(row -> rows.add(row.get("id").asLong()));
        }

        @Override
        public synchronized void onChange(int[] ids, EncodedChange change) {
            changes.add(json(text(change.data())).at("/record/id").asLong());
            onChange.run();
        }

        @Override
        public synchronized void onLive(List<String> warnings, Optional<FeedPlace> place) {
            answer = place.orElseThrow().bindings().getFirst();
        }

        private synchronized List<Long> changes() {
            return List.copyOf(changes);
        }

        private synchronized List<Long> rows() {
            return List.copyOf(rows);
        }

        private static String text(byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }

        private static JsonNode json(String text) {
            try {
                return new ObjectMapper().readTree(text);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        @Override
        public synchronized void onRefused(String message) {
            refused.add(message);
        }

        @Override
        public void onTrouble(String message) {
            throw new AssertionError(message);
        }

        @Override
        public boolean hasRoom() {
            onRoom.run();
            return true;
        }

        @Override
        public void awaitRoom() {}
    }

    private Resumed join() {
        return join("");
    }

    private Resumed join(String resume) {
        subscribe(resume);
        await().atMost(PATIENCE).until(() -> client.answer != null);
        return java.util.Objects.requireNonNull(client.answer);
    }

    private void subscribe(String resume) {
        ObjectNode request = JsonNodeFactory.instance
                .objectNode()
                .put("event", "*")
                .put("schema", "public")
                .put("table", "busy")
                .put("snapshot", true)
                .put("resume", resume);
        path.feed().subscribe(List.of(new Binding(1, BindingRequest.read(request))), new Viewer("anon", "{}"), client);
    }

    // -- messages

    @Test
    void changesFollowTheSnapshotExactly() {
        long first = commit();
        long unseen = commit();
        long seen = commit();
        long unseenToo = commit();
        rows.running.set(0, List.of(unseen, unseenToo));
        Resumed answer = join();
        assertThat(client.rows()).containsExactly(first, seen);
        assertThat(client.changes()).containsExactly(unseen, unseenToo);
        assertThat(answer.replayed()).isEqualTo(2);
        assertThat(answer.rows()).hasValue(2);
        long later = commit();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.changes()).containsExactly(unseen, unseenToo, later));
        assertThat(rows.opened).hasValue(1);
    }

    @Test
    void commitDuringReadingComesAfterRows() {
        long first = commit();
        long[] meanwhile = new long[2];
        rows.meanwhile = () -> {
            meanwhile[0] = commit();
            meanwhile[1] = commit();
        };
        Resumed answer = join();
        assertThat(client.rows()).containsExactly(first);
        assertThat(client.changes()).containsExactly(meanwhile[0], meanwhile[1]);
        assertThat(answer.replayed()).isEqualTo(2);
    }

    @Test
    void evictedTransactionNeedsNewSnapshot() {
        long first = commit();
        long large = commit(false);
        rows.running.addFirst(List.of(large));
        rows.running.addFirst(List.of(first));
        Resumed answer = join();
        assertThat(rows.opened).hasValue(3);
        assertThat(client.begun).isEqualTo(1);
        assertThat(client.rows()).containsExactly(first, large);
        assertThat(client.changes()).isEmpty();
        assertThat(answer.rows()).hasValue(2);
    }

    @Test
    void evictedTransactionThatNoSnapshotHasExpires() {
        long large = commit(false);
        rows.running.set(0, List.of(large));
        Resumed answer = join();
        assertThat(rows.opened).hasValueGreaterThan(10);
        assertThat(client.begun).isZero();
        assertThat(answer.reset()).hasValue("expired");
        assertThat(answer.rows()).isEmpty();
    }

    @Test
    void rowsAreReadAgainAfterEviction() {
        long first = commit();
        long[] large = new long[1];
        rows.meanwhile = () -> {
            rows.meanwhile = () -> {};
            large[0] = commit(false);
        };
        Resumed answer = join();
        assertThat(rows.opened).hasValue(2);
        assertThat(client.begun).isEqualTo(2);
        assertThat(client.rows()).containsExactly(first, large[0]);
        assertThat(client.changes()).isEmpty();
        assertThat(answer.rows()).hasValue(2);
        assertThat(answer.reset()).isEmpty();
    }

    @Test
    void evictionDuringResumeSendsRows() {
        long seen = commit();
        long first = commit();
        long second = commit();
        long[] large = new long[1];
        client.onChange = () -> {
            client.onChange = () -> {};
            large[0] = commit(false);
        };
        Resumed answer = join(new FeedPosition(ScriptedSource.EPOCH, Position.after(new Lsn(seen))).toString());
        assertThat(client.begun).isEqualTo(1);
        assertThat(client.rows()).containsExactly(seen, first, second, large[0]);
        assertThat(client.changes()).isEmpty();
        assertThat(answer.reset()).hasValue("expired");
        assertThat(answer.rows()).hasValue(4);
        assertThat(answer.replayed()).isZero();
    }

    @Test
    void lastTryExpiresAndGoesLive() {
        commit();
        rows.meanwhile = () -> commit(false);
        Resumed answer = join();
        assertThat(rows.opened).hasValue(4);
        assertThat(client.begun).isEqualTo(4);
        assertThat(answer.reset()).hasValue("expired");
        assertThat(answer.rows()).isEmpty();
        long later = commit();
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(client.changes()).containsExactly(later));
    }

    @Test
    void stoppingServerRefusesNoSnapshot() throws InterruptedException {
        rows.running.set(0, List.of(commit(false)));
        CountDownLatch stopped = new CountDownLatch(1);
        client.onRoom = () -> {
            while (path.snapshots() == 0) {
                Thread.onSpinWait();
            }
            path.close();
            while (path.snapshotsUnderWay() > 0) {
                Thread.onSpinWait();
            }
            stopped.countDown();
        };
        subscribe("");
        stopped.await();
        await().during(Duration.ofMillis(100)).until(client.refused::isEmpty);
    }
}
