package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.ChangeListener;
import dev.walcast.server.testing.TestServer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Filters with patterns that are costly for Postgres harm no other subscription.
class PatternFiltersTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin",
                "create role walcast login replication; grant anon, authenticated to walcast",
                "create table notes (id int primary key, body text)",
                "create table ends (n int)",
                "grant usage on schema public to authenticated",
                "grant select on all tables in schema public to authenticated",
                "create publication supabase_realtime for table notes, ends");
        server = TestServer.start(
                TestServer.settings(postgres.url("postgres", "walcast", "unchecked", "postgres"), "patterns"));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @Test
    void multiplyingPatternIsRefusedWithoutPostgres() throws Exception {
        assertThat(refusal("body=match.\"(x*y*z*){1,255}\"")).contains("regular expression is too complex");
        assertThat(refusal("or=(id.eq.1,body.not.imatch.\"(x?y?){255}\")"))
                .contains("regular expression is too complex");
    }

    @Test
    void manyPatternsOfChannelAreRefused() throws Exception {
        String[] bindings = IntStream.range(0, 12)
                .mapToObj(i -> binding(IntStream.range(0, 40)
                        .mapToObj(j -> "body=match.a" + i + "b" + j)
                        .collect(Collectors.joining(","))))
                .toArray(String[]::new);
        assertThat(ChangeListener.refusal(server, ALICE, bindings)).contains("FilterTooComplex");
    }

    @Test
    void patternTooSlowForARowEndsOnlyItsSubscription() throws Exception {
        try (ChangeListener slow = join(ALICE, "body=match.^(.+)(.+)(.+)\\\\3\\\\2\\\\1$");
                ChangeListener quick = join(BOB, "body=match.^[0-9a-f]+");
                ChangeListener plain = join(BOB, "id=gt.0")) {
            postgres.execute("insert into notes select 1, string_agg(md5(i::text), '') from generate_series(1, 60) i");
            assertThat(slow.isServedUntilNow(postgres)).isFalse();
            assertThat(slow.frames().getLast()).contains("FilterTooSlow");
            postgres.execute("insert into notes values (2, 'abc')");
            assertThat(quick.told(postgres)).hasSize(2).last().asString().contains("\"id\":2");
            assertThat(plain.told(postgres)).hasSize(2).last().asString().contains("\"id\":2");
        }
    }

    @Test
    void longLikePatternsGoToPostgresForLongValues() throws Exception {
        String pattern = "%" + "a_".repeat(500) + "b";
        try (ChangeListener like = join(ALICE, "id=gt.10,body=like." + pattern)) {
            postgres.execute(
                    "insert into notes values (11, repeat('a', 50000)), (12, repeat('a', 50000) || 'b'), (13, 'a')");
            assertThat(like.told(postgres)).hasSize(1).first().asString().contains("\"id\":12");
        }
    }

    private static String refusal(String filter) throws Exception {
        return ChangeListener.refusal(server, ALICE, binding(filter));
    }

    private static ChangeListener join(String user, String filter) throws Exception {
        return ChangeListener.join(server, user, binding(filter)).past(postgres);
    }

    private static String binding(String filter) {
        return "{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"notes\",\"filter\":\""
                + filter.replace("\"", "\\\"") + "\"}";
    }
}
