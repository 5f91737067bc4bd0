package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.RoleStanding;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.catalog.PostgresCatalog;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.question.PostgresFilterDatabase;
import java.io.IOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Compares rights with what Postgres allows.
class RightsPgTest {
    private static final TableId NOTES = new TableId("app", "notes");

    private static TestPostgres postgres;
    private static PGSimpleDataSource dataSource;

    private final AtomicLong clock = new AtomicLong();

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        dataSource = new PGSimpleDataSource();
        dataSource.setURL("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres");
        postgres.execute(
                "create role reader",
                "create role heir in role reader",
                "create role nobody",
                "create role bypasser bypassrls in role reader",
                "create role owner");
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        postgres.close();
    }

    @BeforeEach
    void createTable() {
        postgres.execute(
                "drop schema if exists app cascade",
                "drop publication if exists p",
                "create schema app authorization owner",
                "create table app.notes (id int primary key, body text, secret text, size int generated always as (1) stored)",
                "alter table app.notes owner to owner",
                "create publication p for table app.notes",
                "grant usage on schema app to reader",
                "grant select (id, body) on app.notes to reader");
    }

    @Test
    void columnGrantReachesMembersOnly() throws SQLException {
        assertThat(readable("reader")).containsExactly("id", "body");
        assertThat(readable("heir")).containsExactly("id", "body");
        assertThat(readable("owner")).containsExactly("id", "body", "secret", "size");
        assertThat(access("postgres"))
                .matches(access -> access.standing() == RoleStanding.SUPERUSER && !access.readsAnything());
        assertThat(access("nobody").readsAnything()).isFalse();
        assertThat(access("no such role").readsAnything()).isFalse();
    }

    @Test
    void rowSecurityAppliesAsInPostgres() throws SQLException {
        assertThat(access("reader").rowSecurity()).isFalse();
        postgres.execute("alter table app.notes enable row level security");
        assertThat(access("reader").rowSecurity()).isTrue();
        assertThat(access("no such role").rowSecurity()).isTrue();
        assertThat(access("bypasser").rowSecurity()).isFalse();
        assertThat(access("owner").rowSecurity()).isFalse();
        assertThat(access("postgres").rowSecurity()).isFalse();
        postgres.execute("alter table app.notes force row level security");
        assertThat(access("owner").rowSecurity()).isTrue();
        assertThat(access("bypasser").rowSecurity()).isFalse();
    }

    @Test
    void unpublishedAndMissingTablesDiffer() throws SQLException {
        postgres.execute("create table app.other (id int)");
        PostgresCatalog catalog = new PostgresCatalog(dataSource, "p");
        AccessQuestion other = new AccessQuestion("reader", new TableId("app", "other"));
        AccessQuestion missing = new AccessQuestion("reader", new TableId("app", "missing"));
        Map<AccessQuestion, TableAccess> answers = catalog.access(List.of(other, missing));
        assertThat(answers).containsOnlyKeys(other);
        assertThat(answers.get(other)).matches(access -> !access.published());
        assertThat(catalog.publishedTables()).containsExactly(NOTES);
        assertThat(new PostgresCatalog(dataSource, "none").publishedTables()).isNull();
        assertThat(catalog.readableTables("reader")).containsExactly(NOTES);
        assertThat(catalog.readableTables("pg_monitor")).isEmpty();
        assertThat(new PostgresCatalog(dataSource, "none").readableTables("reader"))
                .isEmpty();
    }

    @Test
    void domainsResolveToBaseType() throws Exception {
        postgres.execute(
                "create domain app.small as int check (value < 10)",
                "create domain app.smaller as app.small",
                "alter table app.notes add column rank app.smaller",
                "grant select on app.notes to reader");
        TableAccess.ColumnAccess rank = access("reader").readable("rank");
        assertThat(rank).isNotNull();
        assertThat(rank.typeName()).isEqualTo("smaller");
        assertThat(rank.type().base()).isEqualTo("int4");
        PostgresFilterDatabase values = new PostgresFilterDatabase(dataSource);
        assertThat(values.canonical(RoleSession.NO_ROLE, rank.type(), " 07")).isEqualTo("7");
        assertThatThrownBy(() -> values.canonical(RoleSession.NO_ROLE, rank.type(), "11"))
                .hasMessageContaining("check constraint");
    }

    @Test
    void refreshReportsChangesOnly() throws SQLException {
        Rights rights = rights();
        AccessQuestion reader = new AccessQuestion("reader", NOTES);
        AccessQuestion owner = new AccessQuestion("owner", NOTES);
        TableRights readers = rights.ask(reader);
        TableRights owners = rights.ask(owner);
        List<Set<AccessQuestion>> heard = new ArrayList<>();
        rights.onChange(heard::add);

        rights.refresh(Set::of);
        assertThat(heard).isEmpty();
        assertThat(current(rights, reader)).isSameAs(readers);

        postgres.execute("revoke select (body) on app.notes from reader");
        assertThat(current(rights, reader)).isSameAs(readers);
        rights.refresh(Set::of);
        assertThat(heard).containsExactly(Set.of(reader));
        assertThat(current(rights, owner)).isSameAs(owners);
        assertThat(current(rights, reader)).matches(now -> now.access().readable("body") == null);
    }

    @Test
    void askReportsChangesOnce() throws SQLException {
        Rights rights = rights();
        AccessQuestion reader = new AccessQuestion("reader", NOTES);
        rights.ask(reader);
        List<Set<AccessQuestion>> heard = new ArrayList<>();
        rights.onChange(heard::add);
        postgres.execute("revoke select (body) on app.notes from reader");
        rights.ask(reader);
        rights.ask(reader);
        rights.refresh(Set::of);
        assertThat(heard).containsExactly(Set.of(reader));
    }

    @Test
    void staleAnswerIsNotUsed() throws SQLException {
        Rights rights = rights();
        AccessQuestion reader = new AccessQuestion("reader", NOTES);
        assertThat(rights.ask(reader)).matches(now -> now.access().readsAnything());
        postgres.execute("revoke usage on schema app from reader");
        clock.addAndGet(RightsLimits.USUAL.maxAge().toNanos() + 1);
        assertThat(rights.confirmed(reader, rights.latest(NOTES))).isNull();
        assertThat(rights.staleTables()).containsExactly(NOTES);
        assertThat(rights.ask(reader)).matches(now -> !now.access().readsAnything());
        assertThat(rights.staleTables()).isEmpty();
    }

    @Test
    void markIsConfirmedByLaterReadingOnly() throws Exception {
        Rights rights = rights();
        AccessQuestion reader = new AccessQuestion("reader", NOTES);
        rights.ask(reader);
        RightsMark first = rights.latest(NOTES);
        assertThat(rights.isConfirmed(first)).isTrue();
        long committed = committedXid();
        RightsMark mark = rights.mark(NOTES, committed);
        assertThat(rights.isConfirmed(mark)).isFalse();
        assertThat(rights.confirmed(reader, mark)).isNull();
        assertThat(rights.isConfirmed(first)).isTrue();
        rights.confirm(NOTES);
        assertThat(rights.isConfirmed(mark)).isTrue();
    }

    @Test
    void markWaitsForItsTransaction() throws Exception {
        Rights rights = rights();
        rights.ask(new AccessQuestion("reader", NOTES));
        try (Connection open = postgres.connect();
                Statement statement = open.createStatement()) {
            open.setAutoCommit(false);
            RightsMark mark = rights.mark(NOTES, xid(statement));
            RightsMark later = rights.mark(NOTES, committedXid());
            rights.confirm(NOTES);
            assertThat(rights.isConfirmed(mark)).isFalse();
            assertThat(rights.isConfirmed(later)).isFalse();
            open.commit();
            rights.confirm(NOTES);
            assertThat(rights.isConfirmed(mark)).isTrue();
            assertThat(rights.isConfirmed(later)).isTrue();
        }
    }

    private static long committedXid() throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            return xid(statement);
        }
    }

    private static long xid(Statement statement) throws SQLException {
        try (ResultSet row = statement.executeQuery("select pg_current_xact_id()::text")) {
            row.next();
            return Integer.toUnsignedLong((int) Long.parseLong(row.getString(1)));
        }
    }

    @Test
    void unusedAnswerIsRemoved() throws SQLException {
        Rights rights = rights();
        AccessQuestion reader = new AccessQuestion("reader", NOTES);
        AccessQuestion owner = new AccessQuestion("owner", NOTES);
        rights.ask(reader);
        rights.ask(owner);
        clock.addAndGet(Duration.ofHours(1).toNanos());
        postgres.execute("revoke select (body) on app.notes from reader", "alter table app.notes drop column secret");
        List<Set<AccessQuestion>> heard = new ArrayList<>();
        rights.onChange(heard::add);
        rights.refresh(() -> Set.of(owner));
        assertThat(heard).containsExactly(Set.of(owner));
    }

    private Rights rights() {
        return new Rights(new PostgresRightsReader(dataSource, "p", System::nanoTime), RightsLimits.USUAL, clock::get);
    }

    private static TableRights current(Rights rights, AccessQuestion question) {
        return requireNonNull(rights.confirmed(question, rights.latest(NOTES))).rights();
    }

    private static TableAccess access(String role) throws SQLException {
        AccessQuestion question = new AccessQuestion(role, NOTES);
        return new PostgresCatalog(dataSource, "p").access(List.of(question)).get(question);
    }

    private static List<String> readable(String role) throws SQLException {
        return access(role).columns().stream()
                .filter(TableAccess.ColumnAccess::readable)
                .map(TableAccess.ColumnAccess::name)
                .toList();
    }
}
