package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.text.ArrayText;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.policy.BoundPolicies;
import dev.walcast.rls.policy.PolicyExpression;
import dev.walcast.rls.policy.PolicyQuestion;
import dev.walcast.rls.question.PostgresRowEvaluator.RowAnswer;
import dev.walcast.rls.question.PostgresRowEvaluator.StatementTime;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlStates;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks questions about policies, as the viewers' role, in a transaction that is always rolled back. When the
/// expression depends on viewers through parameters only and keeps no state, one statement asks for all viewers.
/// Otherwise each question runs in its own subtransaction, which is always rolled back, so that no role, setting,
/// temporary object or write of one question reaches the next.
///
/// A rollback does not undo session locks, prepared statements, last values of sequences and cached plans. They are
/// cleared after each question and each transaction.
final class PolicyAsker implements PostgresRowEvaluator.Asker {
    private final DataSource dataSource;
    private final MisdeclaredFunctions misdeclared;

    PolicyAsker(DataSource dataSource, LongSupplier nanoTime) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.misdeclared = new MisdeclaredFunctions(dataSource, nanoTime);
    }

    @Override
    public List<RowAnswer> ask(List<Asked> asked, StatementTime work) throws SQLException {
        PolicyExpression expression = question(asked.getFirst()).expression();
        boolean replan = expression.needsClaims() && (expression.replan() || misdeclared.mayExist());
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            work.begin();
            try {
                return expression.needsClaims()
                        ? askEach(connection, expression, asked, work.timeout(), replan)
                        : askTogether(connection, expression, asked, work.timeout());
            } catch (SQLException e) {
                throw RoleConnections.unlessAway(connection, e);
            } finally {
                work.end();
                ViewerSession.end(connection);
            }
        }
    }

    private static PolicyQuestion question(Asked asked) {
        return (PolicyQuestion) asked.question();
    }

    /// The row literals of the questions, each once.
    private record Images(List<String> literals, Integer[] places) {
        static Images of(PolicyExpression expression, List<Asked> asked) {
            IdentityHashMap<Row, Integer> known = new IdentityHashMap<>();
            List<String> literals = new ArrayList<>();
            Integer[] places = new Integer[asked.size()];
            for (int i = 0; i < places.length; i++) {
                places[i] = known.computeIfAbsent(asked.get(i).row(), row -> {
                    literals.add(expression.rowLiteral(row));
                    return literals.size();
                });
            }
            return new Images(literals, places);
        }
    }

    private static List<RowAnswer> askTogether(
            Connection connection, PolicyExpression expression, List<Asked> asked, Duration timeout)
            throws SQLException {
        limit(connection, timeout);
        try {
            ViewerSession.become(connection, expression.role());
        } catch (SQLException e) {
            if (SqlStates.saysTheValueIsWrong(e)) {
                RowAnswer failed = RowAnswer.failed(String.valueOf(e.getSQLState()));
                return Collections.nCopies(asked.size(), failed);
            }
            throw e;
        }
        StringBuilder arrays = new StringBuilder("pg_catalog.unnest(?::int4[])");
        StringBuilder names = new StringBuilder("walcast_i");
        for (int i = 1; i <= expression.parameters(); i++) {
            arrays.append(", pg_catalog.unnest(?::text[])");
            names.append(", p").append(i);
        }
        // The driver takes `?` for a parameter, also where it is jsonb's operator.
        String sql = SqlText.replace(expression.sql(), "?", "??");
        String query =
                "with walcast_images as materialized (select walcast_o, walcast_t::" + expression.qualifiedTable()
                        + " as walcast_r from pg_catalog.unnest(?::text[]) with ordinality as walcast_u (walcast_t, walcast_o)), "
                        // The images are read before the viewer's settings are set.
                        + SettingsSql.cte(
                                expression.settings(),
                                " from (select pg_catalog.count(*) as walcast_n from walcast_images) as walcast_c"
                                        + " where walcast_n >= 0")
                        + ", walcast_found as materialized (select pg_catalog.array_agg(walcast_v order by walcast_n)"
                        + " as walcast_all from " + SettingsSql.CTE
                        + " cross join rows from (" + arrays
                        + ") with ordinality as " + PolicyExpression.PARAMETERS + " (" + names
                        + ", walcast_n) join walcast_images on walcast_o = walcast_i, lateral "
                        + overRow(expression, sql, "case when " + SettingsSql.READY + " then walcast_r end")
                        + "), walcast_print as materialized (select "
                        + SettingsSql.renderingAgain(expression.settings())
                        + " as walcast_printed from walcast_found) select walcast_all from walcast_found cross join walcast_print";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            Images images = Images.of(expression, asked);
            statement.setArray(1, connection.createArrayOf("text", images.literals.toArray()));
            statement.setArray(2, connection.createArrayOf("int4", images.places));
            for (int i = 0; i < expression.parameters(); i++) {
                int parameter = i;
                List<@Nullable String> values = new ArrayList<>(asked.size());
                asked.forEach(one -> values.add(question(one).parameters().get(parameter)));
                statement.setArray(3 + i, connection.createArrayOf("text", values.toArray()));
            }
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return booleans(requireNonNull(row.getString(1)));
            }
        }
    }

    /// @param array an array of booleans as Postgres prints it
    private static List<RowAnswer> booleans(String array) {
        List<RowAnswer> answers = new ArrayList<>();
        for (String element : requireNonNull(ArrayText.oneDimension(array)).toArray(new String[0])) {
            answers.add(element == null ? UNKNOWN : element.equals("t") ? TRUE : FALSE);
        }
        return answers;
    }

    private static final RowAnswer TRUE = RowAnswer.of(Truth.TRUE);
    private static final RowAnswer FALSE = RowAnswer.of(Truth.FALSE);
    private static final RowAnswer UNKNOWN = RowAnswer.of(Truth.UNKNOWN);

    /// Sets the timeout for each later statement of the transaction.
    private static void limit(Connection connection, Duration timeout) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_catalog.set_config('statement_timeout', ?, true)")) {
            statement.setString(1, Long.toString(timeout.toMillis()));
            statement.execute();
        }
    }

    /// Sets the input of the block. The block reads and clears it before the first question, so that no function
    /// sees the claims of another viewer.
    private static final String INPUT = """
            select pg_catalog.set_config('statement_timeout', ?, true), pg_catalog.set_config('walcast.claims', (?::text[])::text, true),
                   pg_catalog.set_config('walcast.viewers', (?::int4[])::text, true),
                   pg_catalog.set_config('walcast.images', (?::text[])::text, true),
                   pg_catalog.set_config('walcast.places', (?::int4[])::text, true),
                   pg_catalog.set_config('walcast.role', ?, true),
                   pg_catalog.set_config('walcast.time', ?, true);
            """;

    private static final String OUTPUT = "; select pg_catalog.current_setting('walcast.answers')::text[]";

    /// Asks each question in its own subtransaction. The three statements are one round trip.
    private static List<RowAnswer> askEach(
            Connection connection, PolicyExpression expression, List<Asked> asked, Duration timeout, boolean replan)
            throws SQLException {
        if (expression.role().equals("none")) {
            throw ViewerSession.noSuchRole();
        }
        try (PreparedStatement statement =
                connection.prepareStatement(INPUT + "do " + SqlText.dollarQuoted(block(expression, replan)) + OUTPUT)) {
            Viewers viewers = Viewers.of(asked);
            Images images = Images.of(expression, asked);
            statement.setString(1, Long.toString(timeout.toMillis()));
            statement.setArray(2, connection.createArrayOf("text", viewers.claims.toArray()));
            statement.setArray(3, connection.createArrayOf("int4", viewers.places));
            statement.setArray(4, connection.createArrayOf("text", images.literals.toArray()));
            statement.setArray(5, connection.createArrayOf("int4", images.places));
            statement.setString(6, expression.role());
            // A batch that is slow as a whole answers in parts; a statement times out only when one question is slow.
            statement.setString(7, timeout.toMillis() / 2 + " ms");
            statement.execute();
            return answers(lastArray(statement));
        }
    }

    private static String[] lastArray(PreparedStatement statement) throws SQLException {
        String[] last = {};
        boolean more = true;
        while (more) {
            ResultSet rows = statement.getResultSet();
            if (rows != null && rows.next() && rows.getMetaData().getColumnCount() == 1) {
                last = (String[]) requireNonNull(rows.getArray(1)).getArray();
            }
            more = statement.getMoreResults() || statement.getUpdateCount() >= 0;
        }
        return last;
    }

    /// The claims of the questions, each once.
    private record Viewers(List<String> claims, Integer[] places) {
        static Viewers of(List<Asked> asked) {
            Map<String, Integer> known = new HashMap<>();
            List<String> claims = new ArrayList<>();
            Integer[] places = new Integer[asked.size()];
            for (int i = 0; i < places.length; i++) {
                places[i] = known.computeIfAbsent(
                        requireNonNull(question(asked.get(i)).claims()), own -> {
                            claims.add(own);
                            return claims.size();
                        });
            }
            return new Viewers(claims, places);
        }
    }

    /// Returns the PL/pgSQL block that asks question by question. An error ends each subtransaction: the block's
    /// own error after the answer is in a variable, which a rollback does not change, or an error of the
    /// expression. The block acts as the login, each subtransaction as the role. The result holds the booleans of
    /// as many questions as there was time for, then a place and an SQLSTATE for each error.
    private static String block(PolicyExpression expression, boolean replan) {
        return """
                #variable_conflict use_column
                declare
                  walcast_claims text[] := pg_catalog.current_setting('walcast.claims')::text[];
                  walcast_viewers int4[] := pg_catalog.current_setting('walcast.viewers')::int4[];
                  walcast_images text[] := pg_catalog.current_setting('walcast.images')::text[];
                  walcast_places int4[] := pg_catalog.current_setting('walcast.places')::int4[];
                  walcast_role text := pg_catalog.current_setting('walcast.role');
                  walcast_until timestamptz := pg_catalog.clock_timestamp() + pg_catalog.current_setting('walcast.time')::interval;
                  walcast_answer boolean;
                  walcast_is_answered boolean;
                  walcast_row %s;
                  walcast_sql text;
                  walcast_answers boolean[] := '{}';
                  walcast_errors text[] := '{}';
                begin
                  perform pg_catalog.set_config('walcast.claims', '', true), pg_catalog.set_config('walcast.viewers', '', true),
                          pg_catalog.set_config('walcast.images', '', true), pg_catalog.set_config('walcast.places', '', true);
                  for walcast_place in 1 .. pg_catalog.cardinality(walcast_places) loop
                    walcast_is_answered := false;
                    begin
                      perform pg_catalog.set_config('request.jwt.claims', walcast_claims[walcast_viewers[walcast_place]], true),
                              pg_catalog.set_config('role', walcast_role, true);
                      walcast_row := walcast_images[walcast_places[walcast_place]]::%s;
                      %s
                      walcast_is_answered := true;
                      raise exception using errcode = 'WALCA', message = '';
                    exception when others then
                      if walcast_is_answered then
                        walcast_answers := walcast_answers || walcast_answer;
                      else
                        walcast_answers := walcast_answers || null::boolean;
                        walcast_errors := walcast_errors || (walcast_place || ' ' || sqlstate)::text;
                      end if;
                    end;
                    perform pg_catalog.pg_advisory_unlock_all();
                    %s;
                    exit when pg_catalog.clock_timestamp() > walcast_until;
                  end loop;
                  perform pg_catalog.set_config('walcast.answers', (array[walcast_answers::text] || walcast_errors)::text, true);
                end""".formatted(
                        expression.qualifiedTable(), expression.qualifiedTable(), answer(expression), clean(replan));
    }

    private static String answer(PolicyExpression expression) {
        BoundPolicies whole = expression.whole();
        String late = early(expression.settings()) + " walcast_answer := (" + query(expression) + ");";
        return whole == null
                ? late
                : "if " + whole.unchanged() + " then " + answer(expression, whole) + " else " + late + " end if;";
    }

    /// Returns statements that set the `search_path` before Postgres plans the policies, and print constants
    /// before they change other settings. All names in the SQL around the policies are qualified, and no alias in
    /// it can be mistaken for a table.
    private static String answer(PolicyExpression expression, BoundPolicies whole) {
        SessionSettings settings = expression.settings();
        String before = "select walcast_v from (select " + SettingsSql.lateButPath(settings)
                + " as walcast_ready offset 0) as " + SettingsSql.CTE + ", lateral ";
        String row = "(case when " + SettingsSql.READY + " then $1 end)";
        // No policy contains it.
        String place = "\u0001";
        String around = overRow(expression, place, row);
        int at = around.indexOf(place);
        return """
                perform %s;
                if %s then
                  raise exception using errcode = 'ambiguous_function', message = '';
                end if;
                walcast_sql := pg_catalog.concat(%s, %s, %s);
                %s
                execute walcast_sql into walcast_answer using walcast_row;
                """.formatted(
                        requireNonNull(SettingsSql.path(settings)),
                        whole.mayMeanOthers(),
                        SqlText.literal(before + around.substring(0, at)),
                        whole.printed(),
                        SqlText.literal(around.substring(at + place.length())),
                        early(settings));
    }

    private static String early(SessionSettings settings) {
        String early = SettingsSql.early(settings);
        return early.isEmpty() ? "" : "perform " + early + ";";
    }

    /// Clears the state of the session. A cached plan may hold the result of a wrongly declared immutable function
    /// for one viewer.
    private static String clean(boolean replan) {
        return "execute 'deallocate all; discard sequences" + (replan ? "; discard plans'" : "'");
    }

    private static String query(PolicyExpression expression) {
        return "with " + SettingsSql.lateCte(expression.settings()) + " select walcast_v from " + SettingsSql.CTE
                + ", lateral "
                + overRow(expression, expression.sql(), "(case when " + SettingsSql.READY + " then walcast_row end)");
    }

    /// Returns a query in which the expression sees the row under the name of its table. It has its own scope, so
    /// that no name of the statement can be mistaken for a column.
    private static String overRow(PolicyExpression expression, String sql, String row) {
        return "(select (" + sql + ") as walcast_v from pg_catalog.unnest(array[" + row + "::"
                + expression.qualifiedTable() + "]) as "
                + SqlText.identifier(expression.table().name())
                + ") as walcast_answer";
    }

    private static List<RowAnswer> answers(String[] texts) {
        List<RowAnswer> answers = booleans(texts[0]);
        for (String error : List.of(texts).subList(1, texts.length)) {
            int blank = error.indexOf(' ');
            answers.set(Integer.parseInt(error.substring(0, blank)) - 1, RowAnswer.failed(error.substring(blank + 1)));
        }
        return answers;
    }
}
