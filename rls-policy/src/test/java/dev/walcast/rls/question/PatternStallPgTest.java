package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.ColumnQuestion.Effort;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.question.PostgresRowEvaluator.AskTimeouts;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.question.RowEvaluator.Outcome;
import dev.walcast.rls.session.RoleConnections;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Checks that no pattern is blamed while Postgres stalls. A lock on a catalog that new sessions read makes it stall.
class PatternStallPgTest {
    private static final Table NOTES = new Table(
            new TableId("public", "notes"),
            List.of(new Column("body", new PgType.Scalar(25, "text", JsonForm.TEXT), false)));
    private static final AskTimeouts PATIENCE = new AskTimeouts(Duration.ofSeconds(1), Duration.ofSeconds(10));

    private static final String QUICK = "^a+$";
    private static final String SLOW_FOR_A_ROW = "^(.+)(.+)(.+)\\3\\2\\1$";
    private static final String SLOW_TO_COMPILE = "(x*y*z*){1,255}";

    private static TestPostgres postgres;
    private static StallingSource source;
    private static String longText;

    /// Opens a new session for each statement, so that each reads the catalog.
    private static final class StallingSource extends PGSimpleDataSource {
        private static final long serialVersionUID = 1L;

        private final transient AtomicInteger connections = new AtomicInteger();
        private transient volatile Runnable beforeSecond = () -> {};

        @Override
        public Connection getConnection() throws SQLException {
            if (connections.incrementAndGet() == 2) {
                beforeSecond.run();
            }
            return super.getConnection();
        }
    }

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        source = new StallingSource();
        source.setURL("jdbc:postgresql://127.0.0.1:" + postgres.port() + "/postgres?user=postgres");
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("select string_agg(md5(i::text), '') from generate_series(1, 60) i")) {
            row.next();
            longText = row.getString(1);
        }
    }

    @BeforeEach
    void resetCount() {
        source.beforeSecond = () -> {};
        source.connections.set(0);
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        postgres.close();
    }

    @Test
    void stalledPostgresMakesNoPatternTooSlow() throws Exception {
        Asked asked = asked(QUICK, "aaa");
        try (Connection _ = stalled()) {
            Outcome outcome = oracle().ask(Set.of(asked));
            assertThat(outcome.isTooSlow(asked)).isFalse();
            assertThat(outcome.failures().get(asked).timeout()).isTrue();
        }
    }

    @Test
    void patternIsAnsweredAfterStall() throws Exception {
        Asked asked = asked(QUICK, "aaa");
        Connection stall = stalled();
        source.beforeSecond = () -> close(stall);
        assertThat(oracle().ask(Set.of(asked)).of(asked.question(), asked.row()))
                .isEqualTo(Truth.TRUE);
        assertThat(source.connections).hasValue(3);
    }

    @Test
    void slowPatternIsFoundAmongFastOnes() throws Exception {
        Asked slow = asked(SLOW_FOR_A_ROW, longText);
        Asked quick = asked(QUICK, longText);
        Outcome outcome = oracle().ask(Set.of(slow, quick));
        assertThat(outcome.isTooSlow(slow)).isTrue();
        assertThat(outcome.failures()).containsOnlyKeys(slow);
        assertThat(outcome.of(quick.question(), quick.row())).isEqualTo(Truth.FALSE);
    }

    @Test
    void joinDuringStallIsUnanswered() throws Exception {
        PostgresFilterDatabase database = new PostgresFilterDatabase(source);
        try (Connection _ = stalled()) {
            assertThatThrownBy(() -> database.check(question(QUICK), "")).isInstanceOf(UnansweredException.class);
        }
    }

    @Test
    void joinSucceedsAfterStall() throws Exception {
        Connection stall = stalled();
        source.beforeSecond = () -> close(stall);
        new PostgresFilterDatabase(source).check(question(QUICK), "");
        assertThat(source.connections).hasValue(3);
    }

    @Test
    void joinWithSlowPatternIsRefused() {
        PostgresFilterDatabase database = new PostgresFilterDatabase(source);
        assertThatThrownBy(() -> database.check(question(SLOW_TO_COMPILE), ""))
                .isInstanceOfSatisfying(
                        FilterRefusedException.class,
                        e -> assertThat(e.sqlState()).isEqualTo(FilterRefusedException.TOO_SLOW));
    }

    /// Makes Postgres stall until the connection is closed.
    private static Connection stalled() throws SQLException {
        Connection connection = postgres.connect();
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("lock table pg_catalog.pg_operator in access exclusive mode");
        }
        return connection;
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static RowEvaluator oracle() {
        return new PostgresRowEvaluator(new RoleConnections(source), source, PATIENCE, System::nanoTime);
    }

    private static Asked asked(String pattern, String body) {
        return new Asked(question(pattern), Row.of(NOTES).text(0, body).build());
    }

    private static ColumnQuestion question(String pattern) {
        String expression = ColumnQuestion.VALUE + " operator(pg_catalog.~) " + ColumnQuestion.PARAMETER;
        return new ColumnQuestion("body", "pg_catalog.text", expression, pattern, RoleSession.NO_ROLE, Effort.COMPILED);
    }
}
