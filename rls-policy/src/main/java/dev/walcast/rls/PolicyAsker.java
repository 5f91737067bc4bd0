package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.ArrayText;
import dev.walcast.cdc.Row;
import dev.walcast.filters.Truth;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.PostgresOracle.Answer;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks what policies leave open, as the viewers' role: in one statement for all viewers where the expression depends
/// on them through parameters only, else viewer by viewer inside one function call, each with its claims and its own
/// errors.
final class PolicyAsker implements PostgresOracle.Asker {
    private final DataSource dataSource;

    PolicyAsker(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    @Override
    public List<Answer> ask(List<Asked> asked) throws SQLException {
        PolicyExpression expression = question(asked.getFirst()).expression();
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                return expression.needsClaims()
                        ? askEach(connection, expression, asked)
                        : askTogether(connection, expression, asked);
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    /// To become `none` would be to stay who one is, and no role can have that name.
    static void become(Connection connection, String role) throws SQLException {
        if (role.equals("none")) {
            throw new SQLException("role \"none\" does not exist", "42501");
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local role " + SqlText.identifier(role));
        }
    }

    /// In a statement of its own: Postgres may compute functions that call themselves immutable while it plans
    /// the next.
    static void claim(Connection connection, String claims) throws SQLException {
        try (PreparedStatement statement =
                connection.prepareStatement("select pg_catalog.set_config('request.jwt.claims', ?, true)")) {
            statement.setString(1, claims);
            statement.execute();
        }
    }

    private static PolicyQuestion question(Asked asked) {
        return (PolicyQuestion) asked.question();
    }

    /// The row images asked about, each once.
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

    private static List<Answer> askTogether(Connection connection, PolicyExpression expression, List<Asked> asked)
            throws SQLException {
        become(connection, expression.role());
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
                        + " as walcast_r from pg_catalog.unnest(?::text[]) with ordinality as walcast_u (walcast_t, walcast_o))"
                        + " select pg_catalog.array_agg(walcast_v order by walcast_n) from rows from (" + arrays
                        + ") with ordinality as " + PolicyExpression.PARAMETERS + " (" + names
                        + ", walcast_n) join walcast_images on walcast_o = walcast_i, lateral "
                        + overRow(expression, sql, "walcast_r");
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

    /// @param array of booleans, as Postgres prints it
    private static List<Answer> booleans(String array) {
        List<Answer> answers = new ArrayList<>();
        for (String element : requireNonNull(ArrayText.oneDimension(array)).toArray(new String[0])) {
            answers.add(element == null ? UNKNOWN : element.equals("t") ? TRUE : FALSE);
        }
        return answers;
    }

    private static final Answer TRUE = Answer.of(Truth.TRUE);
    private static final Answer FALSE = Answer.of(Truth.FALSE);
    private static final Answer UNKNOWN = Answer.of(Truth.UNKNOWN);

    /// The function is made for the expression and seen by this connection alone; Postgres plans it once.
    private static List<Answer> askEach(Connection connection, PolicyExpression expression, List<Asked> asked)
            throws SQLException {
        String function = "walcast_ask_" + Integer.toUnsignedString(expression.hashCode(), 36);
        try (Statement statement = connection.createStatement()) {
            statement.execute(definition(function, expression));
        }
        become(connection, expression.role());
        try (PreparedStatement statement = connection.prepareStatement(
                "select pg_temp." + function + "(?::text[], ?::text[], ?::int4[], ?::int4[])")) {
            ByViewer viewers = ByViewer.of(asked);
            Images images = Images.of(expression, viewers.asked);
            statement.setArray(1, connection.createArrayOf("text", viewers.claims.toArray()));
            statement.setArray(2, connection.createArrayOf("text", images.literals.toArray()));
            statement.setArray(3, connection.createArrayOf("int4", images.places));
            statement.setArray(4, connection.createArrayOf("int4", viewers.ends.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return viewers.inTheirOrder(
                        answers((String[]) requireNonNull(row.getArray(1).getArray())));
            }
        }
    }

    /// The questions brought together by viewer.
    ///
    /// @param ends where each viewer's questions end, counted from one
    private record ByViewer(
            List<Asked> asked, List<Integer> places, List<@Nullable String> claims, List<Integer> ends) {
        static ByViewer of(List<Asked> asked) {
            Map<@Nullable String, List<Integer>> places = new LinkedHashMap<>();
            for (int i = 0; i < asked.size(); i++) {
                places.computeIfAbsent(question(asked.get(i)).claims(), _ -> new ArrayList<>())
                        .add(i);
            }
            List<Integer> order = places.values().stream().flatMap(List::stream).toList();
            List<Integer> ends = new ArrayList<>();
            places.values().forEach(own -> ends.add((ends.isEmpty() ? 0 : ends.getLast()) + own.size()));
            return new ByViewer(order.stream().map(asked::get).toList(), order, new ArrayList<>(places.keySet()), ends);
        }

        List<Answer> inTheirOrder(List<Answer> answers) {
            Answer[] ordered = new Answer[answers.size()];
            for (int i = 0; i < ordered.length; i++) {
                ordered[places.get(i)] = answers.get(i);
            }
            return List.of(ordered);
        }
    }

    /// Viewer by viewer, a viewer's rows together; where one of them fails, one by one. Answers with the
    /// booleans, then a place and an SQLSTATE for each error.
    private static String definition(String function, PolicyExpression expression) {
        return """
                create or replace function pg_temp.%s(text[], text[], int4[], int4[]) returns text[] language plpgsql as $walcast$
                #variable_conflict use_column
                declare
                  walcast_from int4 := 1;
                  walcast_some boolean[];
                  walcast_answers boolean[] := '{}';
                  walcast_errors text[] := '{}';
                begin
                  for walcast_viewer in 1 .. pg_catalog.cardinality($1) loop
                    begin
                      perform pg_catalog.set_config('request.jwt.claims', $1[walcast_viewer], true);
                      %s;
                      walcast_answers := walcast_answers || walcast_some;
                    exception when others then
                      for walcast_place in walcast_from .. $4[walcast_viewer] loop
                        begin
                          perform pg_catalog.set_config('request.jwt.claims', $1[walcast_viewer], true);
                          %s;
                          walcast_answers := walcast_answers || walcast_some;
                        exception when others then
                          walcast_answers := walcast_answers || null::boolean;
                          walcast_errors := walcast_errors || (walcast_place || ' ' || sqlstate)::text;
                        end;
                        perform pg_catalog.set_config('search_path', '', true);
                      end loop;
                    end;
                    perform pg_catalog.set_config('search_path', '', true);
                    walcast_from := $4[walcast_viewer] + 1;
                  end loop;
                  return array[walcast_answers::text] || walcast_errors;
                end $walcast$""".formatted(
                        function,
                        ask(expression, "$3[walcast_from:$4[walcast_viewer]]"),
                        ask(expression, "$3[walcast_place:walcast_place]"));
    }

    /// A plan that is kept would keep what functions that wrongly call themselves immutable said of the first
    /// viewer.
    private static String ask(PolicyExpression expression, String places) {
        return expression.replan()
                ? "execute " + SqlText.literal(query(expression, "$1", "$2")) + " into walcast_some using $2, " + places
                : "walcast_some := (" + query(expression, "$2", places) + ")";
    }

    private static String query(PolicyExpression expression, String images, String places) {
        return "with " + IsolatedConnections.CLIENT_PATH
                + " select pg_catalog.array_agg(walcast_v order by walcast_o) from walcast_path, pg_catalog.unnest("
                + places
                + ") with ordinality as " + PolicyExpression.PARAMETERS + " (walcast_i, walcast_o), lateral "
                + overRow(expression, expression.sql(), images + "[walcast_i]");
    }

    /// The expression sees the row under its table's name; in a scope of its own no name of ours can be taken for
    /// a column.
    private static String overRow(PolicyExpression expression, String sql, String row) {
        return "(select (" + sql + ") as walcast_v from pg_catalog.unnest(array[" + row + "::"
                + expression.qualifiedTable() + "]) as "
                + SqlText.identifier(expression.table().name())
                + ") as walcast_answer";
    }

    private static List<Answer> answers(String[] texts) {
        List<Answer> answers = booleans(texts[0]);
        for (String error : List.of(texts).subList(1, texts.length)) {
            int blank = error.indexOf(' ');
            answers.set(Integer.parseInt(error.substring(0, blank)) - 1, Answer.failed(error.substring(blank + 1)));
        }
        return answers;
    }
}
