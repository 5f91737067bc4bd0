package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.SetAsideTable;
import dev.walcast.cdc.Table;
import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.request.BindingRequest;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A reader leaves a table out: its subscriptions are told, all others go on, and it comes back by itself.
class TableSetAsideTest {
    private final ModelDatabase database = new ModelDatabase(1);
    private final ScriptedSource source = new ScriptedSource();
    private final AtomicLong clock = new AtomicLong();
    private ChangePath path;

    @BeforeEach
    void begin() {
        path = database.path(
                database, database::ask, new ModelTables(source, () -> 0, 100, 1), ModelDatabase.ROOMY, clock::get);
        source.attach(path, 0);
    }

    @AfterEach
    void end() {
        path.close();
    }

    private final class Client extends TestReceiver {
        private final ConcurrentLinkedQueue<String> told = new ConcurrentLinkedQueue<>();
        private volatile String place = "";

        Client(@Nullable String table, @Nullable String resume) {
            ObjectNode binding =
                    JsonNodeFactory.instance.objectNode().put("event", "*").put("schema", "public");
            if (table != null) {
                binding.put("table", table);
            }
            if (resume != null) {
                binding.put("resume", resume);
            }
            var _ = path.feed()
                    .subscribe(List.of(new Binding(1, BindingRequest.read(binding))), new Viewer("anon", "{}"), this);
            await().until(() -> !told.isEmpty());
        }

        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> where) {
            place = where.orElseThrow().position();
            told.add(where.orElseThrow().bindings().stream()
                            .flatMap(one -> one.reset().stream())
                            .findFirst()
                            .map(reason -> "reset " + reason)
                            .orElse("live")
                    + (warnings.stream().anyMatch(warning -> warning.startsWith("table_set_aside")) ? " warned" : ""));
        }

        @Override
        public void onChange(int[] ids, EncodedChange change) {
            told.add("change");
        }

        @Override
        void hear(String message) {
            told.add(message);
        }
    }

    private void row(Table table) {
        source.deliver(path, source.commit(0, List.of(ModelDatabase.row(table, 1, "x")), true));
    }

    private void unreadRow(Table table, boolean isReadAgain) {
        source.deliver(
                path,
                source.commit(0, List.of(), true),
                List.of(new SetAsideTable(table.id(), "the test wants it", isReadAgain)));
    }

    @Test
    void subscriptionsAreToldAndOthersGoOn() {
        Client busy = new Client("busy", null);
        Client all = new Client(null, null);
        Client quiet = new Client("quiet", null);
        unreadRow(ModelDatabase.BUSY, false);
        unreadRow(ModelDatabase.BUSY, false);
        row(ModelDatabase.QUIET);
        await().until(() -> quiet.told.contains("change"));
        await().until(() -> all.told.contains("change"));
        assertThat(busy.told).containsExactly("live", "reset table_set_aside");
        assertThat(all.told).containsExactly("live", "reset table_set_aside", "change");
        assertThat(quiet.told).containsExactly("live", "change");
        assertThat(path.setAside().isEmpty()).isFalse();
        assertThat(path.setAside().count()).isEqualTo(1);
        assertThat(new Client("busy", null).told).containsExactly("live warned");
        assertThat(new Client(null, null).told).containsExactly("live warned");
        assertThat(new Client("quiet", null).told).containsExactly("live");
    }

    @Test
    void subscriptionsAreToldAgainWhenItIsRead() {
        Client busy = new Client("busy", null);
        unreadRow(ModelDatabase.BUSY, false);
        row(ModelDatabase.BUSY);
        row(ModelDatabase.BUSY);
        await().until(() -> busy.told.size() == 5);
        assertThat(busy.told)
                .containsExactly("live", "reset table_set_aside", "reset table_set_aside", "change", "change");
        assertThat(path.setAside().isEmpty()).isTrue();
        assertThat(new Client("busy", null).told).containsExactly("live");
    }

    @Test
    void rowsLostForLongAreToldAgain() {
        Client busy = new Client("busy", null);
        unreadRow(ModelDatabase.BUSY, false);
        clock.addAndGet(Duration.ofSeconds(11).toNanos());
        unreadRow(ModelDatabase.BUSY, false);
        unreadRow(ModelDatabase.BUSY, true);
        await().until(() -> busy.told.size() == 4);
        assertThat(busy.told)
                .startsWith("live")
                .filteredOn("reset table_set_aside"::equals)
                .hasSize(3);
        assertThat(path.setAside().isEmpty()).isTrue();
    }

    @Test
    void nobodyResumesAcrossRowsThatWereLost() {
        Client before = new Client("busy", null);
        Client quiet = new Client("quiet", null);
        unreadRow(ModelDatabase.BUSY, false);
        row(ModelDatabase.QUIET);
        await().until(() -> quiet.told.contains("change"));
        assertThat(new Client("busy", quiet.place).told.peek()).startsWith("reset");
        assertThat(new Client("quiet", quiet.place).told.peek()).isNotEqualTo("reset expired");
        assertThat(before.told).contains("reset table_set_aside");
    }

    @Test
    void aTableThatIsDroppedIsForgotten() {
        unreadRow(ModelDatabase.BUSY, false);
        path.setAside().retain(Set.of(ModelDatabase.BUSY.id(), ModelDatabase.QUIET.id()));
        assertThat(path.setAside().isEmpty()).isFalse();
        path.setAside().retain(Set.of(ModelDatabase.QUIET.id()));
        assertThat(path.setAside().isEmpty()).isTrue();
    }
}
