package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.question.PostgresRowEvaluator.RowAnswer;
import dev.walcast.rls.question.PostgresRowEvaluator.StatementTime;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Asks questions about filters of one role, all in one statement. Questions that differ only in values are sent as
/// parallel arrays. The transaction acts as that role, is read only, and is rolled back: a filter may call code of
/// users through the types of columns, such as the CHECK of a domain.
final class ColumnAsker implements PostgresRowEvaluator.Asker {
    private final RoleConnections connections;

    ColumnAsker(RoleConnections connections) {
        this.connections = requireNonNull(connections, "connections is null");
    }

    /// Questions that differ only in values. A column value that several questions share is sent once.
    private static final class Group {
        private final List<Integer> places = new ArrayList<>();
        private final List<Integer> valuePlaces = new ArrayList<>();
        private final List<@Nullable String> parameters = new ArrayList<>();
        private final List<@Nullable String> values = new ArrayList<>();
        private final IdentityHashMap<Row, Integer> known = new IdentityHashMap<>();

        void add(int place, Row row, ColumnQuestion question) {
            places.add(place);
            parameters.add(question.parameter());
            valuePlaces.add(known.computeIfAbsent(row, _ -> {
                int column = row.table().indexOf(question.column());
                values.add(column < 0 ? null : row.text(column));
                return values.size();
            }));
        }
    }

    /// Identifies a group. The column belongs to it, because a group keeps column values by row.
    private record Shape(String expression, String type, String column) {}

    /// @param asked questions of one session
    @Override
    public List<RowAnswer> ask(List<Asked> asked, StatementTime work) throws SQLException {
        RoleSession session = ((ColumnQuestion) asked.getFirst().question()).session();
        try (Connection connection = connections.of(session.role()).getConnection()) {
            work.begin();
            try {
                RoleConnections.beginReadOnly(connection, session.role(), work.timeout());
                return ask(connection, session.settings(), asked);
            } catch (SQLException e) {
                throw RoleConnections.unlessAway(connection, e);
            } finally {
                work.end();
                ViewerSession.end(connection);
            }
        }
    }

    private static List<RowAnswer> ask(Connection connection, SessionSettings settings, List<Asked> asked)
            throws SQLException {
        Map<Shape, Group> groups = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            ColumnQuestion question = (ColumnQuestion) asked.get(i).question();
            groups.computeIfAbsent(
                            new Shape(question.expression(), question.type(), question.column()), _ -> new Group())
                    .add(i, asked.get(i).row(), question);
        }
        try (PreparedStatement statement = connection.prepareStatement(query(settings, groups.keySet()))) {
            int parameter = 0;
            for (Group group : groups.values()) {
                statement.setArray(++parameter, connection.createArrayOf("text", group.values.toArray()));
            }
            for (Group group : groups.values()) {
                statement.setArray(++parameter, connection.createArrayOf("int4", group.places.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("int4", group.valuePlaces.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("text", group.parameters.toArray()));
            }
            return answers(statement, asked.size());
        }
    }

    /// Reads the values of columns with the settings under which they were rendered. Then it sets the settings of
    /// the session, under which it reads the values of clients and evaluates the expressions.
    private static String query(SessionSettings settings, Collection<Shape> shapes) {
        List<String> values = new ArrayList<>();
        List<String> counts = new ArrayList<>();
        List<String> selects = new ArrayList<>();
        int group = 0;
        for (Shape shape : shapes) {
            String name = "walcast_values_" + group++;
            values.add(name + " as materialized (select u.t::" + shape.type
                    + " as v, u.o from pg_catalog.unnest(?::pg_catalog.text[]) with ordinality as u (t, o))");
            counts.add("(select pg_catalog.count(*) from " + name + ")");
            selects.add(select(shape, name));
        }
        String read = " from (select array[" + String.join(", ", counts) + "] as n) as c where n is not null";
        return "with " + String.join(", ", values) + ", " + SettingsSql.cte(settings, read)
                + ", walcast_answers as materialized (" + String.join("\nunion all\n", selects)
                + "), walcast_print as materialized (select " + SettingsSql.renderingAgain(settings)
                + " as walcast_printed from (select pg_catalog.count(*) as n from walcast_answers) as c where n >= 0)"
                + " select n, b from walcast_print cross join walcast_answers where walcast_printed";
    }

    private static String select(Shape shape, String values) {
        ColumnQuestion question =
                new ColumnQuestion(shape.column, shape.type, shape.expression, null, RoleSession.NO_ROLE);
        return "select q.n, ("
                + question.sql("u.v", "(case when " + SettingsSql.READY + " then q.p end)")
                + ") as b from " + SettingsSql.CTE
                + " cross join rows from (pg_catalog.unnest(?::pg_catalog.int4[]), pg_catalog.unnest(?::pg_catalog.int4[]),"
                + " pg_catalog.unnest(?::pg_catalog.text[])) as q (n, i, p)"
                + " join " + values + " as u on u.o operator(pg_catalog.=) q.i";
    }

    /// @param statement selects rows of a place and a boolean
    private static List<RowAnswer> answers(PreparedStatement statement, int count) throws SQLException {
        RowAnswer[] answers = new RowAnswer[count];
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                int place = rows.getInt(1);
                boolean value = rows.getBoolean(2);
                answers[place] = RowAnswer.of(rows.wasNull() ? Truth.UNKNOWN : Truth.of(value));
            }
        }
        return List.of(answers);
    }
}
