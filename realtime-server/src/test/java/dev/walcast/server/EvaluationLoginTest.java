package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Policies, filters and rows to begin with are evaluated by the login in EVALUATION_DATABASE_URL.
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
                "create publication supabase_realtime for table rows",
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
    void policiesFiltersAndSnapshotsAreTheEvaluationLogins() throws Exception {
        assertThat(received("authenticated", 11)).containsExactly(1, 2, 11);
    }

    @Test
    void aRoleThatBypassesPoliciesIsServedByTheServersLogin() throws Exception {
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
    void loginsThatMayDoMoreThanTheyNeedAreNamed() throws Exception {
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
