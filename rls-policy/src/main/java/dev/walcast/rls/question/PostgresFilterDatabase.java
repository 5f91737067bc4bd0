package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.ColumnQuestion.Effort;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Makes Postgres read the values of filters and look up their operators. It acts as the client's role, in read-only
/// transactions that are always rolled back, because the types of columns may run code of their owners. Safe for any
/// thread. Calls block.
public final class PostgresFilterDatabase implements FilterDatabase {
    private static final String UNDEFINED_FUNCTION = "42883";
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /// Finds the schema of an operator of an extension. Creating an extension takes a privilege; creating other
    /// objects in its schema may not.
    private static final String OPERATOR_SCHEMA = """
            select pg_catalog.quote_ident(n.nspname)
              from pg_catalog.pg_operator o
              join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) o.oprnamespace
              join pg_catalog.pg_depend t on t.classid operator(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass
               and t.objid operator(pg_catalog.=) o.oprleft and t.deptype operator(pg_catalog.=) 'e'
              join pg_catalog.pg_depend d on d.classid operator(pg_catalog.=) 'pg_catalog.pg_operator'::pg_catalog.regclass
               and d.objid operator(pg_catalog.=) o.oid and d.deptype operator(pg_catalog.=) 'e'
               and d.refobjid operator(pg_catalog.=) t.refobjid and d.refclassid operator(pg_catalog.=) t.refclassid
             where o.oprname operator(pg_catalog.=) ?::pg_catalog.text::pg_catalog.name
               and o.oprleft operator(pg_catalog.=) ?::pg_catalog.text::pg_catalog.oid and o.oprright operator(pg_catalog.=) ?::pg_catalog.text::pg_catalog.oid""";

    /// The timeout for patterns, which Postgres compiles. A slower one is asked about once more, by a
    /// [PatternTrial].
    private static final Duration COMPILED_TIMEOUT = Duration.ofMillis(500);

    private final RoleConnections connections;
    private final RoleConnections forPatterns;

    /// Makes a database that uses the same connections for all questions.
    public PostgresFilterDatabase(RoleConnections connections) {
        this(connections, connections);
    }

    /// Makes a database with separate connections for patterns.
    ///
    /// @param forPatterns connections for patterns, so that slow patterns do not take the connections of other
    ///                    questions
    public PostgresFilterDatabase(RoleConnections connections, RoleConnections forPatterns) {
        this.connections = requireNonNull(connections, "connections is null");
        this.forPatterns = requireNonNull(forPatterns, "forPatterns is null");
    }

    /// Makes a database that uses one login for all roles.
    public PostgresFilterDatabase(DataSource dataSource) {
        this(new RoleConnections(dataSource));
    }

    @Override
    public String canonical(RoleSession session, ColumnType type, String value)
            throws FilterRefusedException, UnansweredException {
        // Types' names come quoted from Postgres itself; values are bound.
        String read = "select " + read(type.baseSql()) + " as v"
                + (type.isDomain() ? ", " + read(type.sql()) + " as w" : "") + " from " + SettingsSql.CTE;
        List<@Nullable String> values = type.isDomain() ? List.of(value, value) : List.of(value);
        return requireNonNull(ask(session, inSession(session.settings(), read, "pg_catalog.concat(v)"), values)
                .getFirst());
    }

    private static String read(String type) {
        return "cast(case when " + SettingsSql.READY + " then cast(? as pg_catalog.text) end as " + type + ")";
    }

    /// Returns a query that reads values with the settings of the session, and prints them as all values are
    /// rendered.
    ///
    /// @param read  a query that reads from [SettingsSql#CTE]
    /// @param print an expression over its columns
    private static String inSession(SessionSettings settings, String read, String print) {
        return "with " + SettingsSql.cte(settings, "") + ", walcast_read as materialized (" + read
                + "), walcast_print as materialized (select " + SettingsSql.renderingAgain(settings)
                + " as walcast_printed from (select pg_catalog.count(*) as n from walcast_read) as c where n >= 0)"
                + " select case when walcast_printed then " + print + " end from walcast_print cross join walcast_read";
    }

    @Override
    public List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException {
        if (type.isDomain()) {
            String cast = "select " + read(type.sql() + "[]") + " as v from " + SettingsSql.CTE;
            ask(session, inSession(session.settings(), cast, "'read'"), List.of(arrayLiteral));
        }
        String read = "select u.v, u.o from (select " + read(type.baseSql() + "[]") + " as a from " + SettingsSql.CTE
                + ") as arrays cross join lateral pg_catalog.unnest(a) with ordinality as u (v, o)";
        String print = "case when v is null then null else pg_catalog.concat(v) end";
        return ask(session, inSession(session.settings(), read, print) + " order by o", List.of(arrayLiteral));
    }

    @Override
    public String operatorSchema(String operator, long left, long right) throws UnansweredException {
        try {
            List<@Nullable String> found = ask(
                    RoleSession.NO_ROLE, OPERATOR_SCHEMA, List.of(operator, Long.toString(left), Long.toString(right)));
            return found.isEmpty() ? "pg_catalog" : requireNonNull(found.getFirst());
        } catch (FilterRefusedException e) {
            throw new UnansweredException(e);
        }
    }

    @Override
    public void check(ColumnQuestion question, @Nullable String value)
            throws FilterRefusedException, UnansweredException {
        try {
            if (question.effort() == Effort.COMPILED) {
                checkCompiled(question, value);
            } else {
                evaluate(connections, question, value, TIMEOUT);
            }
        } catch (SQLException e) {
            throw new UnansweredException(e);
        }
    }

    private void checkCompiled(ColumnQuestion question, @Nullable String value)
            throws FilterRefusedException, SQLException {
        try {
            evaluate(forPatterns, question, value, COMPILED_TIMEOUT);
        } catch (SQLException e) {
            if (!PatternTrial.isCancelled(e)) {
                throw e;
            }
            PatternTrial.Finding<Boolean> finding = tried(question, value);
            if (finding instanceof PatternTrial.TooSlow) {
                throw new FilterRefusedException(FilterRefusedException.TOO_SLOW, message(e));
            }
            if (finding instanceof PatternTrial.Unknown) {
                throw e;
            }
        }
    }

    private PatternTrial.Finding<Boolean> tried(ColumnQuestion question, @Nullable String value)
            throws FilterRefusedException, SQLException {
        ColumnQuestion takesNoTime = new ColumnQuestion(
                question.column(), question.type(), PatternTrial.TAKES_NO_TIME, null, question.session());
        return new PatternTrial(COMPILED_TIMEOUT)
                .<Boolean, FilterRefusedException>of(
                        timeout -> evaluate(forPatterns, question, value, timeout),
                        timeout -> evaluate(forPatterns, takesNoTime, value, timeout));
    }

    /// @return true; failures are thrown
    private static boolean evaluate(
            RoleConnections pool, ColumnQuestion question, @Nullable String value, Duration timeout)
            throws FilterRefusedException, SQLException {
        String sql = question.sql(
                "cast(cast(? as pg_catalog.text) as " + question.type() + ")",
                "(case when " + SettingsSql.READY + " then cast(? as pg_catalog.text) end)");
        List<@Nullable String> values = new ArrayList<>();
        values.add(value);
        if (question.parameter() != null) {
            values.add(question.parameter());
        }
        String read = "select (" + sql + ") as tried from " + SettingsSql.CTE;
        RoleSession session = question.session();
        List<@Nullable String> _ = ask(pool, session, inSession(session.settings(), read, "'tried'"), values, timeout);
        return true;
    }

    private List<@Nullable String> ask(RoleSession session, String query, List<@Nullable String> values)
            throws FilterRefusedException, UnansweredException {
        try {
            return ask(connections, session, query, values, TIMEOUT);
        } catch (SQLException e) {
            throw new UnansweredException(e);
        }
    }

    /// Returns the first column of the result.
    ///
    /// @throws SQLException when asking again may succeed
    private static List<@Nullable String> ask(
            RoleConnections pool, RoleSession session, String query, List<@Nullable String> values, Duration timeout)
            throws FilterRefusedException, SQLException {
        try (Connection connection = pool.of(session.role()).getConnection()) {
            try {
                RoleConnections.beginReadOnly(connection, session.role(), timeout);
                return ask(connection, query, values);
            } catch (SQLException e) {
                if (!SqlStates.isLost(connection, e) && !mayPass(String.valueOf(e.getSQLState()))) {
                    throw new FilterRefusedException(String.valueOf(e.getSQLState()), message(e));
                }
                throw e;
            } finally {
                // the pool closes a connection after some refusals, and then the refusal is the answer
                if (!connection.isClosed()) {
                    ViewerSession.end(connection);
                }
            }
        }
    }

    private static boolean mayPass(String state) {
        return state.equals("57014") || state.equals("55P03") || state.startsWith("40");
    }

    /// Returns the message without the schema of an operator, because the client named none.
    private static String message(SQLException e) {
        String message = SqlStates.primaryMessage(e);
        return UNDEFINED_FUNCTION.equals(e.getSQLState()) ? message.replace("pg_catalog.", "") : message;
    }

    private static List<@Nullable String> ask(Connection connection, String query, List<@Nullable String> values)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            for (int i = 0; i < values.size(); i++) {
                statement.setString(i + 1, values.get(i));
            }
            List<@Nullable String> answers = new ArrayList<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    answers.add(rows.getString(1));
                }
            }
            return answers;
        }
    }
}
