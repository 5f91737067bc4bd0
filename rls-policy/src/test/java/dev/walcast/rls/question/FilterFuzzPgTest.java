package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterNode;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.catalog.PostgresCatalog;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Compares decisions about random filters and rows with a WHERE clause. `-Dwalcast.fuzz.cases=200000` makes it long.
/// The test prints its seed; `-Dwalcast.fuzz.seed` repeats it.
class FilterFuzzPgTest {
    private static final int CASES = Integer.getInteger("walcast.fuzz.cases", 6_000);
    private static final int ROWS = 60;
    private static final TableId TABLE = new TableId("public", "fuzz");

    /// A column type with values for it: some are equal but written differently, some are invalid.
    private record Subject(String name, String type, String... values) {}

    private static final List<Subject> SUBJECTS = List.of(
            new Subject("i", "int4", "0", "1", "-1", "7", "2147483647", " 7 ", "+7", "07", "x", "1e2"),
            new Subject("l", "int8", "0", "9007199254740993", "9007199254740992", "-9223372036854775808"),
            new Subject(
                    "n",
                    "numeric",
                    "0",
                    "-0",
                    "1.5",
                    "1.50",
                    "NaN",
                    "Infinity",
                    "-Infinity",
                    "1e10",
                    "10000000000",
                    "0.1"),
            new Subject("f", "float8", "0", "-0", "1.5", "NaN", "Infinity", "-Infinity", "1e300", "0.1", "1e-320"),
            new Subject("r", "float4", "0", "-0", "1.1", "NaN", "3.4e38", "16777217"),
            new Subject(
                    "t", "text", "", "a", "A", "ab", "Ab", "a b", "é", "É", "z", "ß", "%", "a_", "a\\\\", "日本", "K"),
            new Subject("tc", "text collate \"C\"", "", "a", "B", "Z", "é", "\uD83D\uDE00", "\uFFFD", "ab"),
            new Subject("v", "varchar(8)", "", "a", "A", "abc", "abc ", "12345678"),
            new Subject("c", "char(4)", "a", "ab", "ab  ", "", "A"),
            new Subject("b", "bool", "t", "true", "off", "no", "1", "x"),
            new Subject(
                    "u",
                    "uuid",
                    "6b1f3a52-9c1e-4d7b-8a55-0f0d6a7c1e01",
                    "{6B1F3A52-9C1E-4D7B-8A55-0F0D6A7C1E01}",
                    "00000000-0000-0000-0000-000000000000"),
            new Subject(
                    "d", "date", "2024-02-29", "0044-03-15 BC", "infinity", "-infinity", "20240229", "5874897-12-31"),
            new Subject(
                    "ts",
                    "timestamp",
                    "2024-01-01 00:00:00",
                    "2024-01-01 00:00:00.000001",
                    "infinity",
                    "0001-01-01 BC"),
            new Subject(
                    "tz", "timestamptz", "2024-01-01 00:00:00+00", "2024-01-01 01:00:00+01", "-infinity", "1600-01-01"),
            new Subject("ti", "time", "00:00", "24:00:00", "12:00:00.5", "12:00:00.05"),
            new Subject(
                    "iv",
                    "interval",
                    "1 mon",
                    "30 days",
                    "720:00:00",
                    "-1 day",
                    "1 year 2 mons -3 days 04:05:06.7",
                    "0",
                    "infinity"),
            new Subject("e", "fuzz_mood", "sad", "ok", "happy", "OK"),
            new Subject("by", "bytea", "\\x", "\\x00", "\\xdeadbeef", "\\xDE"),
            new Subject(
                    "ip",
                    "inet",
                    "192.168.0.1",
                    "192.168.0.1/32",
                    "192.168.0.0/24",
                    "10.0.0.0/8",
                    "::1",
                    "fe80::/10",
                    "::ffff:1.2.3.4"),
            new Subject("m", "macaddr", "08:00:2b:01:02:03", "08002b010203", "ff:ff:ff:ff:ff:ff"),
            new Subject("bv", "varbit", "", "0", "1", "10", "101"),
            new Subject("ia", "int4[]", "{}", "{1}", "{1,2}", "{1,NULL}", "{{1,2},{3,4}}", "[0:1]={1,2}"),
            new Subject("ta", "text[]", "{}", "{a}", "{\"a,b\"}", "{NULL}", "{a,b}"),
            new Subject("j", "jsonb", "1", "1.0", "{\"a\": 1}", "[1, 2]", "null", "\"x\"", "{\"a\": {\"b\": \"x\"}}"),
            new Subject("g", "int4range", "empty", "[1,5)", "[1,4]", "(,3)", "[7,8)"),
            new Subject("w", "tsvector", "'cat' 'dog'", "", "'cat':1"));

    private static final String[] PLAIN = {"eq", "neq", "lt", "lte", "gt", "gte", "isdistinct", "in"};
    private static final String[] TEXTUAL = {"like", "ilike", "match", "imatch"};
    private static final String[] SETS = {"cs", "cd", "ov"};

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private int inMemory;
    private int asked;
    private int refused;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void filtersSelectWhatWhereSelects(boolean icu) throws Exception {
        List<String> differences = new ArrayList<>();
        String locale;
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("create role reader in role pg_read_all_data");
            locale = icu ? "locale_provider icu icu_locale 'en-US' locale 'C'" : postgres.localeC();
            postgres.execute("create database fuzz template template0 encoding 'UTF8' " + locale);
            String columns = SUBJECTS.stream().map(s -> s.name + " " + s.type).collect(Collectors.joining(", "));
            postgres.executeIn(
                    "fuzz",
                    "create type fuzz_mood as enum ('sad', 'ok', 'happy')",
                    "create table fuzz (id int primary key, " + columns + ")");
            try (TestDataSources sources = new TestDataSources(postgres.port(), "fuzz");
                    Connection connection = sources.asClients().getConnection()) {
                fill(connection);
                Cases cases = new Cases(sources, connection);
                for (int i = 0; i < CASES / ROWS; i++) {
                    cases.play(differences);
                }
            }
        }
        System.out.println("FilterFuzzPgTest, " + locale + ", seed " + seed + ": " + inMemory + " in memory, " + asked
                + " by Postgres, " + refused + " filters refused");
        assertThat(differences).as("seed " + seed).isEmpty();
    }

    private void fill(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (int id = 0; id < ROWS; id++) {
                statement.execute("insert into fuzz (id) values (" + id + ")");
                for (Subject subject : SUBJECTS) {
                    if (random.nextInt(6) > 0) {
                        setIfValid(statement, subject, pick(subject.values), id);
                    }
                }
            }
        }
    }

    private static void setIfValid(Statement statement, Subject subject, String value, int id) {
        try {
            statement.execute("update fuzz set " + subject.name + " = " + SqlText.literal(value) + " where id = " + id);
        } catch (SQLException e) {
            // An invalid value: the column stays NULL.
        }
    }

    private String pick(String... values) {
        return values[random.nextInt(values.length)];
    }

    /// The table of one database, and the resolver and evaluator for it.
    private final class Cases {
        private final Connection connection;
        private final TableAccess access;
        private final FilterResolver resolver;
        private final PostgresRowEvaluator oracle;
        private final List<Row> rows;

        Cases(TestDataSources sources, Connection connection) throws SQLException {
            this.connection = connection;
            AccessQuestion question = new AccessQuestion("reader", TABLE);
            this.access = Objects.requireNonNull(new PostgresCatalog(sources.asClients(), "none")
                    .access(List.of(question))
                    .get(question));
            this.resolver = new FilterResolver(new PostgresFilterDatabase(sources.asClients()));
            this.oracle = new PostgresRowEvaluator(sources.asClients(), sources.isolated(), System::nanoTime);
            this.rows = rows();
        }

        private List<Row> rows() throws SQLException {
            List<Column> columns = access.columns().stream()
                    .map(c ->
                            new Column(c.name(), new PgType.Scalar(c.type().oid(), c.typeName(), JsonForm.TEXT), true))
                    .toList();
            Table table = new Table(TABLE, columns);
            String texts = access.columns().stream()
                    .map(c -> "case when " + c.name() + " is not null then concat(" + c.name() + ") end")
                    .collect(Collectors.joining(", "));
            List<Row> found = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet result = statement.executeQuery("select " + texts + " from fuzz order by id")) {
                while (result.next()) {
                    Row.Builder row = Row.of(table);
                    for (int i = 0; i < columns.size(); i++) {
                        row.text(i, result.getString(i + 1));
                    }
                    found.add(row.build());
                }
            }
            return found;
        }

        void play(List<String> differences) throws Exception {
            Tree tree = tree(2);
            List<FilterNode> nodes = FilterParser.parse(tree.filter());
            Predicate predicate;
            try {
                predicate = resolver.resolve(
                        nodes,
                        name -> {
                            TableAccess.ColumnAccess column = access.readable(name);
                            return column == null ? null : column.type();
                        },
                        RoleSession.NO_ROLE);
            } catch (FilterRefusedException e) {
                refused++;
                if (isSelectable(tree) && !e.sqlState().equals("22025")) {
                    differences.add(tree + " is refused: " + e.getMessage());
                }
                return;
            }
            compare(tree, predicate, differences);
        }

        private boolean isSelectable(Tree tree) {
            try {
                where(tree);
                return true;
            } catch (SQLException e) {
                return false;
            }
        }

        private List<Boolean> where(Tree tree) throws SQLException {
            List<Boolean> answers = new ArrayList<>();
            try (Statement statement = connection.createStatement();
                    ResultSet result =
                            statement.executeQuery("select (" + tree.sql + ") is true from fuzz order by id")) {
                while (result.next()) {
                    answers.add(result.getBoolean(1));
                }
            }
            return answers;
        }

        private void compare(Tree tree, Predicate predicate, List<String> differences) throws Exception {
            List<Boolean> expected;
            try {
                expected = where(tree);
            } catch (SQLException e) {
                differences.add(tree + " is accepted, but " + e.getMessage());
                return;
            }
            Set<Asked> questions = new LinkedHashSet<>();
            rows.forEach(row -> predicate.undecided(row, RowAnswers.NONE, q -> questions.add(new Asked(q, row))));
            RowEvaluator.Outcome outcome = oracle.ask(questions);
            for (int i = 0; i < rows.size(); i++) {
                Truth memory = predicate.test(rows.get(i), RowAnswers.NONE);
                Truth truth = predicate.test(rows.get(i), outcome);
                if (memory == Truth.UNDECIDED) {
                    asked++;
                } else {
                    inMemory++;
                }
                if ((truth == Truth.TRUE) != expected.get(i)) {
                    differences.add(tree + " is " + truth + ", WHERE says " + expected.get(i) + " of " + rows.get(i));
                }
            }
        }
    }

    /// A filter as clients write it inside a group, and as SQL.
    private record Tree(String text, String sql) {
        /// Returns the filter for the top level, where an equals sign follows the column. A group around it
        /// means the same.
        String filter() {
            return "and=(" + text + ")";
        }
    }

    private Tree tree(int depth) {
        if (depth > 0 && random.nextInt(3) == 0) {
            List<Tree> parts = new ArrayList<>();
            for (int i = 1 + random.nextInt(3); i >= 0; i--) {
                parts.add(tree(depth - 1));
            }
            boolean any = random.nextBoolean();
            boolean negated = random.nextInt(4) == 0;
            String text = parts.stream().map(Tree::text).collect(Collectors.joining(","));
            String sql = parts.stream().map(Tree::sql).collect(Collectors.joining(any ? " or " : " and "));
            return new Tree(
                    (negated ? "not." : "") + (any ? "or" : "and") + "(" + text + ")",
                    (negated ? "not " : "") + "(" + sql + ")");
        }
        return condition();
    }

    private Tree condition() {
        Subject subject = SUBJECTS.get(random.nextInt(SUBJECTS.size()));
        boolean negated = random.nextInt(4) == 0;
        String not = negated ? "not." : "";
        if (random.nextInt(8) == 0) {
            return new Tree(
                    subject.name + "." + not + "is.null", subject.name + (negated ? " is not null" : " is null"));
        }
        boolean textual =
                subject.type.startsWith("text") || subject.type.startsWith("varchar") || subject.name.equals("c");
        boolean sets = Set.of("ia", "ta", "j", "g").contains(subject.name);
        String operator = textual && random.nextBoolean()
                ? pick(TEXTUAL)
                : sets && random.nextBoolean() ? pick(SETS) : pick(PLAIN);
        String value = pick(subject.values);
        String text = subject.name + "." + not + operator + ".";
        if (operator.equals("in")) {
            String array = quotedElement(value) + "," + quotedElement(pick(subject.values));
            return new Tree(
                    text + "(" + array + ")",
                    wrap(negated, subject.name + " = any (" + SqlText.literal("{" + array + "}") + ")"));
        }
        return new Tree(
                text + quoted(value), wrap(negated, subject.name + " " + sql(operator) + " " + SqlText.literal(value)));
    }

    private static String wrap(boolean negated, String sql) {
        return negated ? "not (" + sql + ")" : "(" + sql + ")";
    }

    private static String sql(String operator) {
        return switch (operator) {
            case "eq" -> "=";
            case "neq" -> "<>";
            case "lt" -> "<";
            case "lte" -> "<=";
            case "gt" -> ">";
            case "gte" -> ">=";
            case "like" -> "like";
            case "ilike" -> "ilike";
            case "match" -> "~";
            case "imatch" -> "~*";
            case "cs" -> "@>";
            case "cd" -> "<@";
            case "ov" -> "&&";
            default -> "is distinct from";
        };
    }

    private static String quoted(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static String quotedElement(String value) {
        return quoted(value);
    }
}
