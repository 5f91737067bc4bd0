package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.ColumnQuestion;
import dev.walcast.filters.Truth;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks what filters leave open, all of it in one statement: those that differ only in values as parallel arrays.
final class ColumnAsker implements PostgresOracle.Asker {
    private final DataSource dataSource;

    ColumnAsker(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    private record Group(
            List<Integer> places, List<@Nullable String> values, List<@Nullable String> parameters) {}

    @Override
    public List<Answer> ask(List<Asked> asked) throws SQLException {
        Map<String, Group> groups = groups(asked);
        List<String> selects = groups.keySet().stream()
                .map(expression -> "select q.n, "
                        + new ColumnQuestion("", expression, null).sql("q.v", "q.p")
                        + " from rows from (pg_catalog.unnest(?::pg_catalog.int4[]), pg_catalog.unnest(?::pg_catalog.text[]),"
                        + " pg_catalog.unnest(?::pg_catalog.text[])) q (n, v, p)")
                .toList();
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(String.join("\nunion all\n", selects))) {
            int parameter = 0;
            for (Group group : groups.values()) {
                statement.setArray(++parameter, connection.createArrayOf("int4", group.places.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("text", group.values.toArray()));
                statement.setArray(++parameter, connection.createArrayOf("text", group.parameters.toArray()));
            }
            return answers(statement, asked.size());
        }
    }

    private static Map<String, Group> groups(List<Asked> asked) {
        Map<String, Group> groups = new LinkedHashMap<>();
        for (int i = 0; i < asked.size(); i++) {
            ColumnQuestion question = (ColumnQuestion) asked.get(i).question();
            Group group = groups.computeIfAbsent(
                    question.expression(), _ -> new Group(new ArrayList<>(), new ArrayList<>(), new ArrayList<>()));
            int column = asked.get(i).row().table().indexOf(question.column());
            group.places.add(i);
            group.values.add(column < 0 ? null : asked.get(i).row().text(column));
            group.parameters.add(question.parameter());
        }
        return groups;
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
