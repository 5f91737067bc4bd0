package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// The login in EVALUATION_DATABASE_URL evaluates policies, filters and snapshots.
class EvaluationLoginTest {
    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "create role walcast login replication noinherit; grant anon, authenticated, service_role to walcast",
                "create role walcast_evaluator login noinherit; grant anon, authenticated to walcast_evaluator",
                "grant usage on schema public to anon, authenticated, service_role",
                "create function checked(v int) returns boolean language plpgsql as $$ begin"
                        + " if session_user not in ('walcast_evaluator', 'postgres')"
                        + " and current_user <> 'service_role' then raise exception 'as %', session_user; end if; return true; end $$",
                "create domain number as int check (checked(value))",
                "create table rows (id int primary key, n number); alter table rows enable row level security",
                "create function shown(i int) returns boolean language plpgsql stable as"
                        + " $$ begin return session_user = 'walcast_evaluator' and i > 0; end $$",
                "create policy p on rows using (shown(id))",
                "grant select on rows to anon, authenticated, service_role",
                "create table posts (id int primary key, at timestamptz); alter table posts enable row level security",
                "create policy p on posts using (at::date >= '2026-01-02'); grant select on posts to authenticated",
                "create publication supabase_realtime for table rows, posts",
                "insert into rows values (1, 1), (2, 2), (-3, 3)");
        server = TestServer.start(TestServer.withEvaluation(
                TestServer.settings(postgres.url("postgres", "walcast", "x", "postgres"), "evaluation_login"),
                postgres.url("postgres", "walcast_evaluator", "x", "postgres")));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @Test
    void evaluationLoginRunsPoliciesAndFilters() throws Exception {
        assertThat(received("authenticated", 11)).containsExactly(1, 2, 11);
    }

    @Test
    void bypassingRoleUsesTheServersLogin() throws Exception {
        assertThat(received("service_role", 21)).containsExactly(-3, 1, 2, 21);
    }

    private static List<Integer> received(String role, int id) throws Exception {
        List<Integer> ids = new ArrayList<>();
        try (RawSocket socket = server.open(role)) {
            socket.join(
                    "realtime:r",
                    "{\"postgres_changes\":[{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"rows\","
                            + "\"filter\":\"n=lt.10\",\"snapshot\":{\"order\":\"id\"}}]}");
            while (true) {
                JsonNode payload = socket.receiveJson().get(4);
                if (!payload.has("snapshot")) {
                    assertThat(payload.get("message").asText()).isEqualTo("Subscribed to PostgreSQL");
                    break;
                }
                payload.at("/snapshot/rows")
                        .forEach(row -> ids.add(row.get("id").asInt()));
            }
            postgres.execute("insert into rows values (" + id + ", 5)");
            ids.add(socket.receiveJson().at("/4/data/record/id").asInt());
        } finally {
            postgres.execute("delete from rows where id = " + id);
        }
        return ids;
    }

    @Test
    void policySeesTheTimeZoneOfTheDatabase() throws Exception {
        postgres.execute("alter database postgres set timezone = 'America/Los_Angeles'");
        try (RawSocket socket = posts("")) {
            postgres.execute("insert into posts values (1, '2026-01-02 04:00+00'), (2, '2026-01-02 09:00+00')");
            assertThat(nextPost(socket)).isEqualTo(2);

            postgres.execute("alter database postgres reset timezone");
            boolean seen = false;
            for (int id = 11; !seen; id += 2) {
                postgres.execute("insert into posts values (" + id + ", '2026-01-02 04:00+00'), (" + (id + 1)
                        + ", '2026-01-02 09:00+00')");
                seen = nextPost(socket) == id;
                if (seen) {
                    assertThat(nextPost(socket)).isEqualTo(id + 1);
                }
            }
        } finally {
            postgres.execute("alter database postgres reset timezone", "delete from posts");
        }
    }

    @Test
    void filterReadsItsValueInTheTimeZoneOfTheRole() throws Exception {
        postgres.execute("alter role authenticated set timezone = 'America/Los_Angeles'");
        try (RawSocket socket = posts("at=gte.2026-01-02 01:00")) {
            postgres.execute("insert into posts values (1, '2026-01-02 08:30+00'), (2, '2026-01-02 09:00+00')");
            assertThat(nextPost(socket)).isEqualTo(2);
        } finally {
            postgres.execute("alter role authenticated reset timezone", "delete from posts");
        }
    }

    private static RawSocket posts(String filter) throws Exception {
        RawSocket socket = server.open("authenticated");
        socket.join(
                "realtime:p",
                "{\"postgres_changes\":[{\"event\":\"INSERT\",\"schema\":\"public\",\"table\":\"posts\""
                        + (filter.isEmpty() ? "" : ",\"filter\":\"" + filter + "\"") + "}]}");
        while (!socket.receiveJson().get(4).path("message").asText().equals("Subscribed to PostgreSQL")) {
            // What comes before.
        }
        return socket;
    }

    private static int nextPost(RawSocket socket) throws Exception {
        while (true) {
            JsonNode record = socket.receiveJson().at("/4/data/record");
            if (!record.isMissingNode()) {
                return record.get("id").asInt();
            }
        }
    }

    @Test
    void loginsWithExcessRightsAreNamed() throws Exception {
        PGSimpleDataSource own = dataSource("walcast");
        PGSimpleDataSource evaluator = dataSource("walcast_evaluator");
        assertThat(new LoginCheck(own, evaluator, true).warnings()).isEmpty();
        assertThat(new LoginCheck(own, own, false).warnings())
                .hasSize(1)
                .first()
                .asString()
                .contains("walcast setup");
        assertThat(new LoginCheck(dataSource("postgres"), evaluator, true).warnings())
                .hasSize(1)
                .first()
                .asString()
                .contains("superuser");
        assertThat(new LoginCheck(own, own, true).warnings())
                .hasSize(1)
                .first()
                .asString()
                .contains("BYPASSRLS");
    }

    private static PGSimpleDataSource dataSource(String user) {
        PostgresUrl url = PostgresUrl.parse(postgres.url("postgres", user, "x", "postgres"));
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(url.jdbcUrl());
        dataSource.setUser(user);
        return dataSource;
    }
}
