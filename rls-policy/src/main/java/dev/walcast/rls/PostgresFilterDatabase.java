package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.ColumnQuestion;
import dev.walcast.filters.ColumnType;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.UnansweredException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Lets a real Postgres read a filter's values and look up its operators.
public final class PostgresFilterDatabase implements FilterDatabase {
    private final DataSource dataSource;

    public PostgresFilterDatabase(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    @Override
    public String canonical(ColumnType type, String value) throws FilterRefusedException, UnansweredException {
        // Types' names come quoted from Postgres itself; values are bound.
        String text = "pg_catalog.concat(cast(cast(? as pg_catalog.text) as " + type.baseSql() + "))";
        String query =
                "select " + text + (type.isDomain() ? ", cast(cast(? as pg_catalog.text) as " + type.sql() + ")" : "");
        List<@Nullable String> values = type.isDomain() ? List.of(value, value) : List.of(value);
        return requireNonNull(ask(query, values).getFirst());
    }

    @Override
    public List<@Nullable String> canonicalElements(ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException {
        if (type.isDomain()) {
            ask("select cast(cast(? as pg_catalog.text) as " + type.sql() + "[])", List.of(arrayLiteral));
        }
        String query = "select case when v is null then null else pg_catalog.concat(v) end"
                + " from pg_catalog.unnest(cast(cast(? as pg_catalog.text) as " + type.baseSql() + "[])) v";
        return ask(query, List.of(arrayLiteral));
    }

    @Override
    public void check(ColumnQuestion question, @Nullable String value)
            throws FilterRefusedException, UnansweredException {
        String sql = question.sql("cast(? as pg_catalog.text)", "cast(? as pg_catalog.text)");
        List<@Nullable String> values = new ArrayList<>();
        values.add(value);
        if (question.parameter() != null) {
            values.add(question.parameter());
        }
        ask("select " + sql, values);
    }

    /// The first column of the result.
    private List<@Nullable String> ask(String query, List<@Nullable String> values)
            throws FilterRefusedException, UnansweredException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(query)) {
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
        } catch (SQLException e) {
            if (SqlStates.saysTheValueIsWrong(e)) {
                throw new FilterRefusedException(String.valueOf(e.getSQLState()), SqlStates.primaryMessage(e));
            }
            throw new UnansweredException(e);
        }
    }
}
