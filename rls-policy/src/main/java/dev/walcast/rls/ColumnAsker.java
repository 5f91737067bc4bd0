package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.filters.ColumnQuestion;
import dev.walcast.filters.Truth;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import dev.walcast.rls.PostgresOracle.Work;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Asks what filters leave open about one role's view, all of it in one statement: those that differ only in values
/// as parallel arrays. As that role, read only, and rolled back: a filter may call a user's code through the types
/// of the columns, as a domain's CHECK.
final class ColumnAsker implements PostgresOracle.Asker {
    private final RoleConnections connections;

    ColumnAsker(RoleConnections connections) {
        this.connections = requireNonNull(connections, "connections is null");
    }

    /// Questions that differ only in values; a value that many ask about is sent once.
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

    /// What may share a group: the column, too, for its values are kept by row.
    private record Shape(String expression, String column) {}

    /// @param asked all with the same role
    @Override
    public List<Answer> ask(List<Asked> asked, Work work) throws SQLException {
        String role = ((ColumnQuestion) asked.getFirst().question()).role();
        try (Connection connection = connections.of(role).getConnection()) {
            work.begin();
            try {
                RoleConnections.beginReadOnly(connection, role, work.timeout());
                return ask(connection, asked);
            } catch (SQLException e) {
                throw RoleConnections.unlessAway(connection, e);
            } finally {
                work.end();
                PolicyAsker.end(connection);
            }
        }
    }

    private static List<Answer> ask(Connection connection, List<Asked> asked) throws SQLException {
        Map<Shape, Group> groups = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            ColumnQuestion question = (ColumnQuestion) asked.get(i).question();
            groups.computeIfAbsent(new Shape(question.expression(), question.column()), _ -> new Group())
                    .add(i, asked.get(i).row(), question);
        }
        List<String> selects = groups.keySet().stream().map(ColumnAsker::select).toList();
        try (PreparedStatement statement = connection.prepareStatement(String.join("\nunion all\n", selects))) {
            int parameter = 0;
            for (Group group : groups.values()) {
                statement.setArray(++parameter, connection.createArrayOf("int4", group.places.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("int4", group.valuePlaces.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("text", group.parameters.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("text", group.values.toArray()));
            }
            return answers(statement, asked.size());
        }
    }

    private static String select(Shape shape) {
        return "select q.n, " + new ColumnQuestion(shape.column, shape.expression, null, "").sql("u.v", "q.p")
                + " from rows from (pg_catalog.unnest(?::pg_catalog.int4[]), pg_catalog.unnest(?::pg_catalog.int4[]),"
                + " pg_catalog.unnest(?::pg_catalog.text[])) q (n, i, p)"
                + " join pg_catalog.unnest(?::pg_catalog.text[]) with ordinality u (v, o) on u.o operator(pg_catalog.=) q.i";
    }

    /// @param statement of rows of place and boolean
    private static List<Answer> answers(PreparedStatement statement, int count) throws SQLException {
        Answer[] answers = new Answer[count];
        try (ResultSet rows = statement.executeQuery()) {
            while (rows.next()) {
                int place = rows.getInt(1);
                boolean value = rows.getBoolean(2);
                answers[place] = Answer.of(rows.wasNull() ? Truth.UNKNOWN : Truth.of(value));
            }
        }
        return List.of(answers);
    }
}
