package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.filters.Truth;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks what policies leave open, as the viewers' role: in one statement for all viewers where the expression depends on
/// them through parameters only, else viewer by viewer inside one function call, each with its claims and its own errors.
final class PolicyAsker implements PostgresOracle.Asker {
    private final DataSource dataSource;

    PolicyAsker(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    /// What may be asked together.
    ///
    /// @param parameters how many
    record Group(String role, TableId table, String expression, int parameters, boolean needsClaims) {
        static Group of(PolicyQuestion question) {
            return new Group(
                    question.role(),
                    question.table(),
                    question.expression(),
                    question.parameters().size(),
                    question.claims() != null);
        }
    }

    @Override
    public List<Answer> ask(List<Asked> asked) throws SQLException {
        PolicyQuestion first = (PolicyQuestion) asked.getFirst().question();
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                return first.claims() == null
                        ? askTogether(connection, first, asked)
                        : askEach(connection, first, asked);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    static void become(Connection connection, String role) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local role " + SqlText.identifier(role));
        }
    }

    /// In a statement of its own: Postgres may compute functions that call themselves immutable while it plans the next.
    static void claim(Connection connection, String claims) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_catalog.set_config('request.jwt.claims', ?, true)")) {
            statement.setString(1, claims);
            statement.execute();
        }
    }

    private static List<Answer> askTogether(Connection connection, PolicyQuestion first, List<Asked> asked)
            throws SQLException {
        become(connection, first.role());
        int parameters = first.parameters().size();
        StringBuilder arrays = new StringBuilder("pg_catalog.unnest(?::int4[]), pg_catalog.unnest(?::text[])");
        StringBuilder names = new StringBuilder("walcast_n, walcast_r");
        for (int i = 1; i <= parameters; i++) {
            arrays.append(", pg_catalog.unnest(?::text[])");
            names.append(", p").append(i);
        }
        // The driver takes `?` for a parameter, also where it is jsonb's operator.
        String expression = SqlText.replace(first.expression(), "?", "??");
        String query = "select walcast_n, walcast_v from rows from (" + arrays + ") as " + PolicyQuestion.PARAMETERS + " ("
                + names + "), lateral " + overRow(first, expression, "walcast_r");
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setArray(1, connection.createArrayOf("int4", places(asked.size())));
            statement.setArray(2, rows(connection, asked));
            for (int i = 0; i < parameters; i++) {
                int parameter = i;
                List<@Nullable String> values = new ArrayList<>();
                asked.forEach(one ->
                        values.add(((PolicyQuestion) one.question()).parameters().get(parameter)));
                statement.setArray(3 + i, connection.createArrayOf("text", values.toArray()));
            }
            return ColumnAsker.answers(statement, asked.size());
        }
    }

    private static Integer[] places(int count) {
        Integer[] places = new Integer[count];
        for (int i = 0; i < count; i++) {
            places[i] = i;
        }
        return places;
    }

    private static Array rows(Connection connection, List<Asked> asked) throws SQLException {
        return connection.createArrayOf(
                "text",
                asked.stream()
                        .map(one -> ((PolicyQuestion) one.question()).rowLiteral(one.row()))
                        .toArray());
    }

    /// The function is made for the question and seen by this connection alone; Postgres plans its expression once.
    private static List<Answer> askEach(Connection connection, PolicyQuestion first, List<Asked> asked)
            throws SQLException {
        String function = "walcast_ask_" + Integer.toUnsignedString(
                java.util.Objects.hash(first.role(), first.table(), first.expression()), 36);
        try (Statement statement = connection.createStatement()) {
            statement.execute(definition(function, first));
        }
        become(connection, first.role());
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_temp." + function + "(?::text[], ?::text[])")) {
            statement.setArray(
                    1,
                    connection.createArrayOf(
                            "text",
                            asked.stream()
                                    .map(one -> ((PolicyQuestion) one.question()).claims())
                                    .toArray()));
            statement.setArray(2, rows(connection, asked));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return answers((String[]) requireNonNull(row.getArray(1).getArray()));
            }
        }
    }

    private static String definition(String function, PolicyQuestion question) {
        // A plan that is kept would keep what functions that wrongly call themselves immutable said of the first viewer.
        String ask = question.replan()
                ? "execute " + SqlText.literal(query(question, "$1")) + " into walcast_answer using $2[walcast_i]"
                : "walcast_answer := (" + query(question, "$2[walcast_i]") + ")";
        return """
                create or replace function pg_temp.%s(text[], text[]) returns text[] language plpgsql as $walcast$
                #variable_conflict use_column
                declare
                  walcast_answer boolean;
                  walcast_answers text[] := '{}';
                begin
                  for walcast_i in 1 .. pg_catalog.cardinality($1) loop
                    begin
                      perform pg_catalog.set_config('request.jwt.claims', $1[walcast_i], true);
                      %s;
                      walcast_answers := walcast_answers
                        || case when walcast_answer then 't' when not walcast_answer then 'f' else 'n' end::text;
                    exception when others then
                      walcast_answers := walcast_answers || ('E' || sqlstate)::text;
                    end;
                    perform pg_catalog.set_config('search_path', '', true);
                  end loop;
                  return walcast_answers;
                end $walcast$""".formatted(function, ask);
    }

    private static String query(PolicyQuestion question, String row) {
        return "with " + IsolatedConnections.CLIENT_PATH + " select walcast_v from walcast_path, lateral "
                + overRow(question, question.expression(), row);
    }

    /// The expression sees the row under its table's name; in a scope of its own no name of ours can be taken for a column.
    private static String overRow(PolicyQuestion question, String expression, String row) {
        return "(select (" + expression + ") as walcast_v from pg_catalog.unnest(array[" + row + "::"
                + question.qualifiedTable() + "]) as " + SqlText.identifier(question.table().name()) + ") as walcast_answer";
    }

    private static List<Answer> answers(String[] texts) {
        List<Answer> answers = new ArrayList<>();
        for (String text : texts) {
            answers.add(
                    switch (text) {
                        case "t" -> Answer.of(Truth.TRUE);
                        case "f" -> Answer.of(Truth.FALSE);
                        case "n" -> Answer.of(Truth.UNKNOWN);
                        default -> Answer.failed(text.substring(1));
                    });
        }
        return answers;
    }
}
