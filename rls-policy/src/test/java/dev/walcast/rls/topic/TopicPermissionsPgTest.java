package dev.walcast.rls.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import dev.walcast.rls.topic.TopicPermissions.TopicAccess;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Checks permissions on private topics with a real Postgres and a server login that is not a superuser.
class TopicPermissionsPgTest {
    private static final String ALICE = "11111111-1111-4111-8111-111111111111";
    private static final String BOB = "22222222-2222-4222-8222-222222222222";
    private static final TopicAccess BOTH = new TopicAccess(true, true);
    private static final TopicAccess BROADCAST = new TopicAccess(true, false);
    private static final TopicAccess PRESENCE = new TopicAccess(false, true);

    private static TestPostgres postgres;
    private static HikariDataSource pool;
    private static PostgresTopicPermissions permissions;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role authenticated nologin; create role service_role nologin bypassrls",
                "create role stranger nologin",
                "create role walcast login noinherit; grant anon, authenticated, service_role to walcast",
                "create schema realtime authorization walcast; grant usage on schema realtime to public",
                "create schema auth; grant usage on schema auth to public",
                "create function auth.uid() returns uuid language sql stable as $$"
                        + " select nullif(current_setting('request.jwt.claim.sub', true), '')::uuid $$",
                "create function realtime.topic() returns text language sql stable as $$"
                        + " select nullif(current_setting('realtime.topic', true), '') $$");
        pool = pool(2, "200ms");
        permissions = new PostgresTopicPermissions(pool, System::nanoTime);
    }

    private static HikariDataSource pool(int size, String statementTimeout) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl(
                "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=walcast&prepareThreshold=0");
        config.setMaximumPoolSize(size);
        config.setMinimumIdle(0);
        config.setConnectionTimeout(Duration.ofSeconds(1).toMillis());
        config.setConnectionInitSql("set statement_timeout = '" + statementTimeout + "'");
        return new HikariDataSource(config);
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        pool.close();
        postgres.close();
    }

    @BeforeEach
    void messages() {
        postgres.execute(
                "create table realtime.messages (topic text not null, extension text not null, payload jsonb, event text,"
                        + " private boolean default false, updated_at timestamp not null default now(),"
                        + " inserted_at timestamp not null default now(), id uuid not null default gen_random_uuid(),"
                        + " binary_payload bytea, primary key (id, inserted_at)) partition by range (inserted_at)",
                "create table realtime.messages_now partition of realtime.messages for values from ('2000-01-01') to (maxvalue)",
                "alter table realtime.messages owner to walcast; alter table realtime.messages_now owner to walcast",
                "alter table realtime.messages enable row level security",
                "grant select, insert, update on realtime.messages to anon, authenticated, service_role, stranger",
                "create policy lab_read on realtime.messages for select to authenticated using (realtime.topic() like 'room:%'"
                        + " or realtime.topic() like 'ro:%' or realtime.topic() = 'own:' || auth.uid()::text"
                        + " or (realtime.topic() like 'bro:%' and extension = 'broadcast')"
                        + " or (realtime.topic() like 'pro:%' and extension = 'presence'))",
                "create policy lab_write on realtime.messages for insert to authenticated with check (realtime.topic() like"
                        + " 'room:%' or realtime.topic() like 'wo:%' or (topic like 'bro:%' and extension = 'broadcast')"
                        + " or realtime.topic() like 'pro:%')");
    }

    @AfterEach
    void checksLeaveNothingBehind() throws Exception {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery("select count(*) from pg_catalog.pg_class where relname = 'messages'"
                                + " and exists (select from realtime.messages)")) {
            row.next();
            assertThat(row.getInt(1)).isZero();
        } catch (SQLException e) {
            assertThat(e.getSQLState()).isEqualTo("42P01");
        }
        postgres.execute("drop table if exists realtime.messages");
    }

    @Test
    void policiesDecideForEachTopic() throws Exception {
        assertAccess("room:1", BOTH, BOTH);
        assertAccess("ro:1", BOTH, TopicAccess.NONE);
        assertAccess("wo:1", TopicAccess.NONE, BOTH);
        assertAccess("bro:1", BROADCAST, BROADCAST);
        assertAccess("pro:1", PRESENCE, BOTH);
        assertAccess("none:1", TopicAccess.NONE, TopicAccess.NONE);
        assertAccess("own:" + ALICE, BOTH, TopicAccess.NONE);
        assertAccess("own:" + BOB, TopicAccess.NONE, TopicAccess.NONE);
    }

    private static void assertAccess(String topic, TopicAccess read, TopicAccess write) throws TopicCheckException {
        TopicQuestion question = question("authenticated", topic);
        assertThat(permissions.read(question, true)).as("read " + topic).isEqualTo(read);
        assertThat(permissions.write(question)).as("write " + topic).isEqualTo(write);
    }

    @Test
    void presenceIsDeniedWhenNotChecked() throws Exception {
        assertThat(permissions.read(question("authenticated", "room:1"), false)).isEqualTo(BROADCAST);
        assertThat(permissions.read(question("authenticated", "pro:1"), false)).isEqualTo(TopicAccess.NONE);
    }

    @Test
    void bypassRoleMayAllAndRoleWithoutPolicyNothing() throws Exception {
        assertThat(permissions.read(question("service_role", "none:1"), true)).isEqualTo(BOTH);
        assertThat(permissions.write(question("service_role", "none:1"))).isEqualTo(BOTH);
        assertThat(permissions.read(question("anon", "room:1"), true)).isEqualTo(TopicAccess.NONE);
        assertThat(permissions.write(question("anon", "room:1"))).isEqualTo(TopicAccess.NONE);
    }

    @Test
    void unusableRolesAreDenied() throws Exception {
        for (String role :
                new String[] {"nosuchrole", "stranger", "postgres", "none", "", "anon\"; drop table x; --"}) {
            assertThat(permissions.read(question(role, "room:1"), true))
                    .as(role)
                    .isEqualTo(TopicAccess.NONE);
            assertThat(permissions.write(question(role, "room:1"))).as(role).isEqualTo(TopicAccess.NONE);
        }
    }

    @Test
    void superuserIsDeniedAlsoToSuperuserLogin() throws Exception {
        PGSimpleDataSource superuser = new PGSimpleDataSource();
        superuser.setURL("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres");
        PostgresTopicPermissions all = new PostgresTopicPermissions(superuser, System::nanoTime);
        assertThat(all.read(question("authenticated", "room:1"), true)).isEqualTo(BOTH);
        assertThat(all.read(question("postgres", "room:1"), true)).isEqualTo(TopicAccess.NONE);
        assertThat(all.write(question("postgres", "room:1"))).isEqualTo(TopicAccess.NONE);
    }

    @Test
    void policiesReadTopicHeadersAndClaims() throws Exception {
        postgres.execute("create policy more on realtime.messages for select to authenticated using ("
                + "topic = realtime.topic() and current_setting('request.headers')::jsonb ->> 'x-team' = 'red'"
                + " and current_setting('request.jwt.claims')::jsonb ->> 'org' = 'acme'"
                + " and current_setting('request.jwt.claim.role') = 'authenticated')");
        Viewer viewer =
                new Viewer("authenticated", "{\"role\":\"authenticated\",\"org\":\"acme\",\"sub\":\"" + ALICE + "\"}");
        assertThat(permissions.read(new TopicQuestion(viewer, "any'topic", "{\"x-team\":\"red\"}"), true))
                .isEqualTo(BOTH);
        assertThat(permissions.read(new TopicQuestion(viewer, "any'topic", "{}"), true))
                .isEqualTo(TopicAccess.NONE);
    }

    @Test
    void failingPolicyDeniesAndIsCounted() throws Exception {
        postgres.execute(
                "create policy broken on realtime.messages for select to authenticated using (1 / (length(topic)"
                        + " - 5) > 0)");
        long before = permissions.policyFailures();
        assertThat(permissions.read(question("authenticated", "12345"), true)).isEqualTo(TopicAccess.NONE);
        assertThat(permissions.policyFailures()).isEqualTo(before + 1);
        assertThat(permissions.read(question("authenticated", "room:1"), true)).isEqualTo(BOTH);
    }

    @Test
    void slowPolicyThrows() {
        postgres.execute(
                "create policy slow on realtime.messages for select to authenticated using (pg_sleep(3) is not null)");
        assertReason(Reason.CANCELED);
    }

    @Test
    void missingPartsAreReported() {
        postgres.execute("alter table realtime.messages detach partition realtime.messages_now");
        assertReason(Reason.PARTITION_MISSING);
        postgres.execute(
                "alter table realtime.messages owner to postgres; revoke all on realtime.messages from walcast");
        assertReason(Reason.NOT_INSTALLED);
        postgres.execute("drop table realtime.messages, realtime.messages_now");
        assertReason(Reason.NOT_INSTALLED);
    }

    @Test
    void exhaustedPoolAndUnreachableServerDiffer() throws Exception {
        try (HikariDataSource one = pool(1, "5s");
                Connection taken = one.getConnection()) {
            assertThat(taken.isValid(1)).isTrue();
            assertThatThrownBy(() -> new PostgresTopicPermissions(one, System::nanoTime)
                            .read(question("authenticated", "room:1"), true))
                    .isInstanceOfSatisfying(
                            TopicCheckException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.POOL_EXHAUSTED));
        }
        HikariConfig nowhere = new HikariConfig();
        nowhere.setJdbcUrl("jdbc:postgresql://127.0.0.1:1/postgres?user=walcast");
        nowhere.setConnectionTimeout(300);
        nowhere.setInitializationFailTimeout(-1);
        try (HikariDataSource away = new HikariDataSource(nowhere)) {
            assertThatThrownBy(() -> new PostgresTopicPermissions(away, System::nanoTime)
                            .read(question("authenticated", "room:1"), true))
                    .isInstanceOfSatisfying(
                            TopicCheckException.class,
                            e -> assertThat(e.reason()).isEqualTo(Reason.UNREACHABLE));
        }
    }

    private static void assertReason(Reason reason) {
        assertThatThrownBy(() -> permissions.read(question("authenticated", "room:1"), true))
                .isInstanceOfSatisfying(
                        TopicCheckException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    }

    private static TopicQuestion question(String role, String topic) {
        String claims = "{\"role\":\"" + role.replace("\"", "\\\"") + "\",\"sub\":\"" + ALICE + "\"}";
        return new TopicQuestion(new Viewer(role, claims), topic, "{}");
    }
}
