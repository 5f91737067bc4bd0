package dev.walcast.rls.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

class TopicPoliciesPgTest {
    private TestPostgres postgres;
    private DataSource dataSource;

    @BeforeEach
    void start() {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin; create role team nologin; create schema realtime",
                "create table members (id int, room text); create table blocked (id int)",
                "create table plain (id int); create table roles_of (id int) partition by list (id)",
                "create table roles_of_1 partition of roles_of for values in (1)");
        PGSimpleDataSource simple = new PGSimpleDataSource();
        simple.setUrl("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres");
        dataSource = simple;
    }

    @AfterEach
    void stop() throws Exception {
        postgres.close();
    }

    private void messages(String policy) {
        postgres.execute(
                "create table realtime.messages (topic text, extension text, at int) partition by range (at)",
                "create table realtime.messages_1 partition of realtime.messages for values from (0) to (9)",
                "alter table realtime.messages enable row level security",
                "create policy p on realtime.messages for select to anon using (" + policy + ")");
    }

    private static TableId table(String name) {
        return new TableId("public", name);
    }

    private TopicPolicies read() throws SQLException {
        return TopicPolicies.read(dataSource);
    }

    @Test
    void missingTableHasNoPolicies() throws Exception {
        assertThat(read().tables()).isEmpty();
        assertThat(read()).isEqualTo(read());
    }

    @Test
    void subqueryTablesAreFound() throws Exception {
        messages("exists (select from members m where m.room = topic)");
        assertThat(read().tables()).containsExactly(table("members"));
        postgres.execute(
                "alter table members enable row level security",
                "create policy m on members using (id not in (select b.id from blocked b))");
        assertThat(read().tables()).containsExactlyInAnyOrder(table("members"), table("blocked"));
    }

    @Test
    void tablesBehindViewsAndFunctionsAreFound() throws Exception {
        postgres.execute(
                "create view seen as select id from members",
                "create function known(int) returns boolean stable begin atomic"
                        + " select exists (select from blocked b where b.id = $1); end");
        messages("exists (select from seen) and known(1) and 1 in (select id from roles_of_1)");
        assertThat(read().tables())
                .containsExactlyInAnyOrder(table("members"), table("blocked"), table("roles_of"), table("roles_of_1"));
    }

    @Test
    void everyRelevantChangeChangesState() throws Exception {
        messages("exists (select from members m where m.room = topic)");
        for (String change : List.of(
                "alter policy p on realtime.messages using (exists (select from members))",
                "create policy q on realtime.messages for insert to anon with check (true)",
                "drop policy q on realtime.messages",
                "grant select on realtime.messages to anon",
                "revoke select on realtime.messages from anon",
                "grant select (topic) on realtime.messages to anon",
                "grant usage on schema realtime to anon",
                "alter table realtime.messages disable row level security",
                "alter table members enable row level security",
                "grant select on members to anon",
                "alter table members owner to team",
                "grant team to anon",
                "revoke team from anon",
                "alter role anon bypassrls")) {
            String before = read().state();
            assertThat(read().state()).isEqualTo(before);
            postgres.execute(change);
            assertThat(read().state()).as(change).isNotEqualTo(before);
        }
    }

    @Test
    void lockedTableDoesNotDelay() throws Exception {
        messages("exists (select from members m where m.room = topic)");
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("lock table members, realtime.messages in access exclusive mode");
            try (Connection other = postgres.connect();
                    Statement timeout = other.createStatement()) {
                timeout.execute("alter role postgres set lock_timeout = '1ms'");
            }
            assertThat(read().tables()).containsExactly(table("members"));
            connection.rollback();
        }
    }
}
