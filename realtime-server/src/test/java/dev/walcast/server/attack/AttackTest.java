package dev.walcast.server.attack;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.walcast.cdc.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Attacks beside a healthy client. Short in each build; CONTRIBUTING.md says how to run them in full.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class AttackTest {
    private static final Path REPORTS = Path.of("target/attack");
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int FEW_DESCRIPTORS = 512;

    private final AttackPlan plan = AttackPlan.ofProperties();
    private TestPostgres postgres;
    private @Nullable SmallDisk disk;
    private @Nullable Battle battle;
    private String arena = "";
    private int slots;
    private long nextRow = 1;

    @BeforeAll
    void startPostgres(@TempDir Path folder) throws Exception {
        emptyReports();
        disk = SmallDisk.mount(folder.resolve("disk")).orElse(null);
        postgres = TestPostgres.start(Map.of("max_wal_size", "4GB"));
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "grant usage on schema public to anon, authenticated",
                "create table rows (n bigint primary key, owner text not null, at_micros bigint not null"
                        + " default (extract(epoch from clock_timestamp()) * 1000000)::bigint)",
                "alter table rows enable row level security",
                "create policy own on rows using"
                        + " (owner = current_setting('request.jwt.claims', true)::jsonb ->> 'sub')",
                "create table allowed (yes boolean); insert into allowed values (true)",
                "create table neighbours (id bigint primary key, v text)",
                "alter table neighbours enable row level security",
                "create policy asked on neighbours using (exists (select 1 from allowed where yes and v <> ''))",
                "create table bulk (id bigint, v text)",
                "grant select on rows, neighbours, allowed, bulk to anon, authenticated",
                "create publication supabase_realtime for table rows, neighbours, bulk");
    }

    private static void emptyReports() throws IOException {
        Files.createDirectories(REPORTS);
        try (Stream<Path> files = Files.list(REPORTS)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
    }

    @AfterAll
    void stop() throws Exception {
        try {
            endBattle();
        } finally {
            postgres.close();
            if (disk != null) {
                disk.close();
            }
        }
    }

    Stream<Arguments> attacks() {
        return plan.attacks();
    }

    @ParameterizedTest(name = "{0} at {1}")
    @MethodSource("attacks")
    void attackHarmsNoOtherClient(Kind kind, String heap) throws Exception {
        if (kind == Kind.FULL_DISK && disk == null) {
            abort("a small file system cannot be mounted here");
        }
        Verdict verdict = new Verdict(battle(kind.arena(), heap), kind, plan);
        try {
            verdict.play();
        } catch (Throwable e) {
            verdict.problems().add(e.toString());
            throw e;
        } finally {
            report(kind, heap, verdict);
            if (!verdict.problems().isEmpty()) {
                endBattle(); // The next attack is not to suffer from this one.
            }
        }
        assertThat(verdict.problems()).as(verdict.toString()).isEmpty();
    }

    private Battle battle(Kind.Arena kind, String heap) throws Exception {
        String wanted = kind + " " + heap;
        if (battle == null || !arena.equals(wanted)) {
            endBattle();
            String slot = "attack" + ++slots;
            battle = Battle.begin(postgres, setup(kind, heap), slot, REPORTS, disk, nextRow);
            arena = wanted;
        }
        return battle;
    }

    private ServerSetup setup(Kind.Arena kind, String heap) {
        if (kind != Kind.Arena.CRAMPED) {
            return new ServerSetup(heap, 0, null, plan.settings(kind));
        }
        Path folder = Optional.ofNullable(disk).map(SmallDisk::folder).orElse(null);
        Map<String, String> settings = new HashMap<>(plan.settings(kind));
        settings.put("TRANSACTION_MEMORY", "1MiB");
        return new ServerSetup(heap, FEW_DESCRIPTORS, folder, settings);
    }

    private void endBattle() throws Exception {
        if (battle != null) {
            Battle ended = battle;
            battle = null;
            ended.close();
            nextRow = ended.nextRow();
            await().atMost(PATIENCE).ignoreExceptions().until(this::dropSlots);
        }
    }

    private boolean dropSlots() {
        postgres.execute(
                "select pg_terminate_backend(active_pid) from pg_replication_slots where active_pid is not null",
                "select pg_drop_replication_slot(slot_name) from pg_replication_slots");
        return true;
    }

    private static void report(Kind kind, String heap, Verdict verdict) throws Exception {
        String text = kind + " at " + heap + ": "
                + (verdict.problems().isEmpty() ? "harmless" : "HARMFUL " + List.copyOf(verdict.problems())) + "\n"
                + verdict;
        System.out.print(text);
        append("report.txt", text);
        append("table.md", verdict.tableRow(heap));
    }

    private static void append(String file, String text) throws IOException {
        Files.writeString(REPORTS.resolve(file), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
