package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowReader;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.request.BindingRequest;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Messages to one subscription from several threads arrive in an order that makes sense to its client. Played step
/// by step.
class NoticeOrderTest {
    private static final String FRESH = "ba9876543210";
    private static final String MEMBER = "member";

    private final ModelDatabase database = new ModelDatabase(1);
    private final ScriptedSource source = new ScriptedSource();
    private final Gate questions = new Gate();
    private final Gate rows = new Gate();
    private final Gate rights = new Gate();
    private final Gate answer = new Gate();
    private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
    private ChangePath path;

    /// Blocks a thread until the test opens it.
    private static final class Gate {
        private final CountDownLatch reached = new CountDownLatch(1);
        private final CountDownLatch open = new CountDownLatch(1);

        void pass() {
            reached.countDown();
            try {
                open.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        void awaitReached() throws InterruptedException {
            reached.await();
        }

        void open() {
            open.countDown();
        }
    }

    private final class Rows implements RowReader {
        private final ModelTables tables = new ModelTables(source, () -> 0, 100, 1);

        @Override
        public Reading open(RowQuery query) {
            rows.pass();
            return tables.open(query);
        }

        @Override
        public void moveOn() {
            source.deliver(path, source.commit(0, List.of(), true));
        }
    }

    private final class Client extends TestReceiver {
        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> place) {
            FeedPlace where = place.orElseThrow();
            if (where.bindings().stream().anyMatch(one -> one.rows().isPresent())) {
                answer.pass();
                told.add("answered");
            } else {
                told.add("live in " + where.epoch());
            }
        }

        @Override
        public void onChange(int[] ids, EncodedChange change) {
            String position = change.position().orElseThrow();
            told.add("change in " + FeedPosition.parse(position).orElseThrow().epoch());
        }

        @Override
        void hear(String message) {
            told.add(message);
        }
    }

    /// Answers slowly what a member may do.
    private final class SlowCatalog implements Catalog {
        @Override
        public Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> asked) {
            if (asked.stream().anyMatch(question -> question.role().equals(MEMBER))) {
                rights.pass();
            }
            return database.access(asked);
        }

        @Override
        public Set<TableId> publishedTables() {
            return database.publishedTables();
        }

        @Override
        public Set<TableId> readableTables(String role) {
            return database.readableTables(role);
        }

        @Override
        public RelationFacts relation(AccessQuestion question) {
            throw new AssertionError("every table is published");
        }

        @Override
        public boolean roleExists(String role) {
            return true;
        }
    }

    private RowEvaluator.Outcome answers(Set<RowEvaluator.Asked> asked) {
        questions.pass();
        return database.ask(asked);
    }

    @BeforeEach
    void begin() {
        Catalog catalog = new SlowCatalog();
        path = database.path(catalog, this::answers, new Rows(), ModelDatabase.ROOMY, () -> 0);
        source.attach(path, 0);
    }

    @AfterEach
    void end() {
        path.close();
    }

    private ChangeFeed.Subscription subscribe(ObjectNode binding) {
        binding.put("event", "*").put("schema", "public").put("table", "busy");
        return path.feed()
                .subscribe(
                        List.of(new Binding(1, BindingRequest.read(binding))), new Viewer("anon", "{}"), new Client());
    }

    private void commit(long id) {
        source.deliver(path, source.commit(0, List.of(ModelDatabase.row(ModelDatabase.BUSY, id, "x")), true));
    }

    @Test
    void newEpochDropsWaitingChangesOfOldOne() throws Exception {
        var _ = subscribe(JsonNodeFactory.instance.objectNode().put("filter", "v=match.(x|y)+"));
        await().until(() -> told.size() == 1);
        commit(2);
        questions.awaitReached();
        var _ = source.renew(path, FRESH);
        commit(4);
        questions.open();
        await().until(() -> told.contains("change in " + FRESH));
        assertThat(told).containsExactly("live in " + ScriptedSource.EPOCH, "live in " + FRESH, "change in " + FRESH);
    }

    @Test
    void rowsAreReadAgainForNewViewer() throws Exception {
        ChangeFeed.Subscription subscription =
                subscribe(JsonNodeFactory.instance.objectNode().put("snapshot", true));
        rows.awaitReached();
        subscription.changeViewer(new Viewer(MEMBER, "{}"));
        rights.awaitReached();
        rows.open();
        await().during(Duration.ofMillis(100)).until(told::isEmpty);
        rights.open();
        answer.awaitReached();
        answer.open();
        await().until(() -> !told.isEmpty());
        assertThat(told.peek()).isEqualTo("answered");
    }
}
