package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.supervisor.DeclaredWaits;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.publication.PublicationReader;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.server.changes.PublicationWatch;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.front.FrontLimits;
import dev.walcast.server.front.HttpFront;
import dev.walcast.server.health.Health;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.messages.TopicPolicyWatch;
import dev.walcast.server.setup.PartitionUpkeep;
import io.helidon.webserver.http.HttpRouting;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.postgresql.ds.PGSimpleDataSource;

/// `/livez` reports when a watch hangs in its own code, and not when it waits for Postgres.
@Timeout(120)
class WatchesHangTest {
    private static final Duration OFTEN = Duration.ofMillis(50);

    /// Out of order after two seconds.
    private static final SupervisorPolicy HASTY = new SupervisorPolicy(
            Duration.ofMillis(10),
            Duration.ofMillis(10),
            Duration.ofSeconds(60),
            1_000,
            Duration.ofSeconds(1),
            Duration.ofSeconds(10),
            Duration.ofSeconds(2),
            Duration.ofMinutes(10));

    private static TestPostgres postgres;
    private static DataSource dataSource;

    private final CountDownLatch released = new CountDownLatch(1);
    private final HttpClient client = HttpClient.newHttpClient();
    private final Supervisor watches = new Supervisor(HASTY, System::nanoTime, System::exit);
    private final Supervisor own = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
    private final HttpFront front =
            new HttpFront("127.0.0.1", 0, FrontLimits.of(SocketLimits.defaults(), AddressLimits.defaults()), own);
    private volatile boolean hangs;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create table notes (id int primary key); create publication supabase_realtime for table notes",
                "create schema realtime",
                "create table realtime.messages (inserted_at timestamp) partition by range (inserted_at)");
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setURL("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres");
        dataSource = DeclaredWaits.of(source);
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @BeforeEach
    void serve() throws Exception {
        HealthRoutes routes = new HealthRoutes(watches::checkAlive, new Health(List.of()), () -> Duration.ZERO);
        front.serve(HttpRouting.builder().register(routes), List.of());
    }

    @AfterEach
    void stop() {
        hangs = false;
        released.countDown();
        watches.close();
        front.close();
        own.close();
        client.close();
    }

    private void hang() {
        try {
            if (hangs) {
                released.await();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private int livez() throws Exception {
        return client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + front.port() + "/livez"))
                                .build(),
                        HttpResponse.BodyHandlers.discarding())
                .statusCode();
    }

    private void assertHangIsSeen() throws Exception {
        await().atMost(Duration.ofSeconds(60)).until(() -> livez() == 503);
        hangs = false;
        released.countDown();
        await().atMost(Duration.ofSeconds(60)).until(() -> livez() == 200);
    }

    private static RightsReader.Reading nothing() {
        return new RightsReader.Reading(new PgSnapshot(3, 3, Set.of(), Lsn.ZERO), Map.of(), Map.of(), Set.of());
    }

    /// Returns when the watch runs. Questions before that are not the watch's own work.
    private Rights watched(RightsReader reader) throws InterruptedException {
        CountDownLatch watching = new CountDownLatch(1);
        LongSupplier nanoTime = () -> {
            if (Thread.currentThread().getName().equals("watch-rights")) {
                watching.countDown();
            }
            return System.nanoTime();
        };
        Rights rights = new Rights(reader, new RightsLimits(OFTEN, Duration.ofSeconds(5)), nanoTime);
        rights.watch(Set::of).start(watches);
        watching.await();
        return rights;
    }

    private static void ask(Rights rights) {
        Thread _ = Thread.ofVirtual().start(() -> {
            try {
                rights.ask(new AccessQuestion("anon", new TableId("public", "notes")));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void hangingRightsAreDetectedInAnyThread() throws Exception {
        hangs = true;
        ask(watched(_ -> {
            hang();
            return nothing();
        }));
        assertHangIsSeen();
    }

    @Test
    void rightsThatWaitForPostgresAreAlive() throws Exception {
        Connection lock = postgres.connect();
        lock.setAutoCommit(false);
        CountDownLatch asked = new CountDownLatch(1);
        try (Statement statement = lock.createStatement()) {
            statement.execute("lock table notes in access exclusive mode");
            ask(watched(_ -> {
                try (Connection connection = dataSource.getConnection();
                        Statement reading = connection.createStatement()) {
                    asked.countDown();
                    reading.execute("select from notes");
                }
                return nothing();
            }));
            asked.await();
            await().during(Duration.ofSeconds(5)).atMost(Duration.ofSeconds(20)).until(() -> livez() == 200);
        } finally {
            lock.close();
        }
    }

    @Test
    void hangingPublicationWatchIsDetected() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        PublicationWatch watch = new PublicationWatch(
                new PublicationReader(dataSource, "supabase_realtime", "slot"),
                (_, _) -> {
                    told.countDown();
                    hang();
                },
                OFTEN);
        watch.start(watches);
        hangs = true;
        await().atMost(Duration.ofSeconds(60)).until(() -> {
            postgres.execute("alter publication supabase_realtime set table notes, realtime.messages");
            postgres.execute("alter publication supabase_realtime set table notes");
            postgres.execute("alter publication supabase_realtime drop table notes");
            postgres.execute("alter publication supabase_realtime add table notes");
            return told.getCount() == 0;
        });
        assertHangIsSeen();
    }

    @Test
    void hangingTopicPolicyWatchIsDetected() throws Exception {
        hangs = true;
        new TopicPolicyWatch(dataSource, OFTEN, this::hang).start(watches);
        assertHangIsSeen();
    }

    @Test
    void hangingPartitionUpkeepIsDetected() throws Exception {
        Clock clock = new Clock() {
            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                hang();
                return Instant.EPOCH;
            }
        };
        try (PartitionUpkeep upkeep = new PartitionUpkeep(dataSource, clock, Duration.ofHours(72), OFTEN)) {
            upkeep.start();
            hangs = true;
            upkeep.watch(watches);
            assertHangIsSeen();
        }
    }

    @Test
    void hangingSlotGuardianIsDetected() throws Exception {
        PostgresUrl url = PostgresUrl.parse(postgres.url());
        SlotGuardian.Settings settings = new SlotGuardian.Settings(OFTEN, Duration.ofMinutes(1), 1L << 30);
        try (PgoutputChangeSource source = new PgoutputChangeSource(
                        SourceConfig.of(url, "supabase_realtime", "slot"), System::nanoTime, InstantSource.system());
                SlotGuardian guardian = new SlotGuardian(url, "slot", source, settings, () -> {
                    hang();
                    return System.nanoTime();
                })) {
            guardian.start(watches);
            hangs = true;
            assertHangIsSeen();
        }
    }

    @Test
    void idleWatchesAreAlive() throws Exception {
        new TopicPolicyWatch(dataSource, Duration.ofMinutes(1), () -> {}).start(watches);
        watched(_ -> nothing());
        await().during(Duration.ofSeconds(4)).atMost(Duration.ofSeconds(20)).until(() -> livez() == 200);
        assertThat(watches.tasks()).hasSize(2);
    }
}
