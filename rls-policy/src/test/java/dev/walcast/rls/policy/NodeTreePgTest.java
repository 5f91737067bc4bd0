package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.policy.PolicySet.Policy;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.rls.sql.SqlText;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Parses trees that a real Postgres writes, with names that its format must escape. The test prints its seed;
/// `-Dwalcast.fuzz.seed` repeats it.
class NodeTreePgTest {
    private static final int CASES = 60;
    private static final long SMALL_STACK = 512 << 10;
    private static final String[] PIECES = {
        "\"",
        "\\",
        "{",
        "}",
        "(",
        ")",
        " ",
        "<>",
        ":",
        "'",
        "\n",
        "\t",
        "a",
        "Ä",
        "\u2003",
        "\uD83D\uDE00",
        "1",
        "+",
        "-.",
        "[",
        "]",
        "?",
        "$",
        "--",
        "/*",
        ";",
        "%",
        "\u00a0",
        ":relid",
        "b101",
        "."
    };

    private static TestPostgres postgres;
    private static TestDataSources sources;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        sources = new TestDataSources(postgres.port(), "postgres");
        postgres.execute("create role reader");
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        sources.close();
        postgres.close();
    }

    @Test
    void readsTreesWithHostileNames() throws SQLException {
        System.out.println("NodeTreePgTest, seed " + seed);
        Set<AccessQuestion> questions = new HashSet<>();
        for (int i = 0; i < CASES; i++) {
            questions.add(new AccessQuestion("reader", createHostileTable("s" + i)));
        }
        RightsReader.Reading reading =
                new PostgresRightsReader(sources.isolated(), "p", System::nanoTime).read(questions);
        assertThat(reading.unanswered()).isEmpty();
        for (AccessQuestion question : questions) {
            TableRights rights = requireNonNull(reading.rights().get(question));
            List<Policy> policies = rights.policies().policies();
            assertThat(policies).hasSize(3);
            assertThat(policies)
                    .as(policies.toString())
                    .noneMatch(policy -> policy.tree().isOpaque());
            assertThatCode(() -> new PolicyPlanner(rights.policies(), rights.access()).plan())
                    .doesNotThrowAnyException();
            Policy join = policies.stream()
                    .filter(policy -> policy.expression().contains("EXISTS"))
                    .findFirst()
                    .orElseThrow();
            assertThat(names(join.tree())).contains(question.table().name());
        }
    }

    /// Returns the names of tables and columns in the tree.
    private static List<String> names(NodeTree tree) {
        List<String> names = new ArrayList<>();
        tree.forEach(node -> {
            if (node.name().equals("ALIAS") || node.name().equals("RANGETBLENTRY")) {
                names.add(node.text("aliasname"));
            }
        });
        return names;
    }

    private TableId createHostileTable(String schemaStart) throws SQLException {
        String schema = quoted(schemaStart + name());
        String table = name();
        String column = name();
        String type = quoted(name() + "_e"); // a table makes a type of its own name
        String function = quoted(name());
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            for (String sql : List.of(
                    "create schema " + schema,
                    "create type " + schema + "." + type + " as enum (" + SqlText.literal(column) + ")",
                    "create table " + schema + "." + quoted(table) + " (id int primary key, " + quoted(column + "c")
                            + " " + schema + "." + type + ")",
                    "create function " + schema + "." + function
                            + "(x int) returns boolean language sql as 'select true'",
                    "alter table " + schema + "." + quoted(table) + " enable row level security",
                    "grant usage on schema " + schema + " to reader",
                    "grant select on " + schema + "." + quoted(table) + " to reader",
                    "create policy " + quoted("a" + name()) + " on " + schema + "." + quoted(table) + " using ("
                            + schema + "." + function + "(x => id) and " + quoted(column + "c") + " = "
                            + SqlText.literal(column) + ")",
                    "create policy " + quoted("b" + name()) + " on " + schema + "." + quoted(table)
                            + " using (exists (select 1 from (select 1 as " + quoted(column) + ") as " + quoted(table)
                            + "(" + quoted(column + "d") + ")))",
                    "create policy " + quoted("c" + name()) + " on " + schema + "." + quoted(table)
                            + " using (id in (with " + quoted(column) + " as (select 1 as " + quoted(table)
                            + ") select " + quoted(table) + " from " + quoted(column) + "))")) {
                statement.execute(sql);
            }
        }
        return new TableId(schema.substring(1, schema.length() - 1).replace("\"\"", "\""), table);
    }

    private String name() {
        StringBuilder name = new StringBuilder();
        for (int i = 1 + random.nextInt(5); i > 0; i--) {
            name.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return name.toString();
    }

    private static String quoted(String name) {
        return SqlText.identifier(name);
    }

    @Test
    void readsProtectedWords() {
        NodeTree tree =
                NodeTree.parse("{ALIAS :aliasname :a\\ b :colnames (\"x\"\" \"\" \"\\<>\" \"\\}\") :none <> :empty \"\""
                        + " :datum 4 [ 1 0 ] :last \\\"q\"}");
        assertThat(tree.text("aliasname")).isEqualTo(":a b");
        assertThat(tree.isEmpty("none")).isTrue();
        assertThat(tree.isEmpty("empty")).isFalse();
        assertThat(tree.text("datum")).isEqualTo("4 [ 1 0 ]");
        assertThat(tree.text("last")).isEqualTo("\"q\"");
        assertThatThrownBy(() -> NodeTree.parse("{A :b ")).isInstanceOf(IllegalArgumentException.class);
        assertThat(NodeTree.parseOrOpaque("{A :b ").isOpaque()).isTrue();
    }

    @Test
    void deepPoliciesFitSmallestStack() throws Exception {
        StringBuilder deep = new StringBuilder("id = 0");
        for (int i = 1; i < 1_000; i++) {
            deep.insert(0, "(")
                    .append(i % 2 == 0 ? ") and id <> " : ") or id = ")
                    .append(i);
        }
        String wide = "id = 0" + " and (id <> 1)".repeat(10_000);
        String nested = "(".repeat(2_000) + "id = 0" + ")".repeat(2_000);
        String text = "select 'a" + "''b".repeat(20_000) + "'";
        postgres.execute(
                "create schema deep",
                "grant usage on schema deep to reader",
                "create function deep.text() returns text language sql as $f$" + text + "$f$",
                "create table deep.t (id int primary key)",
                "create table deep.plain (id int primary key)",
                "alter table deep.t enable row level security",
                "alter table deep.plain enable row level security",
                "grant select on deep.t, deep.plain to reader",
                "create policy a on deep.t using (" + deep + ")",
                "create policy b on deep.t using (" + wide + ")",
                "create policy c on deep.t using (" + nested + ")",
                "create policy d on deep.t using (deep.text() = 'a')",
                "create policy a on deep.plain using (id > 0)");
        AccessQuestion question = new AccessQuestion("reader", new TableId("deep", "t"));
        AccessQuestion plain = new AccessQuestion("reader", new TableId("deep", "plain"));
        AtomicReference<RightsReader.@Nullable Reading> reading = new AtomicReference<>();
        AtomicReference<@Nullable Plan> plan = new AtomicReference<>();
        AtomicReference<@Nullable Throwable> error = new AtomicReference<>();
        Thread small = new Thread(
                null,
                () -> {
                    try {
                        PostgresRightsReader reader =
                                new PostgresRightsReader(sources.isolated(), "p", System::nanoTime);
                        reading.set(reader.read(Set.of(question, plain)));
                        TableRights rights = requireNonNull(
                                reader.read(Set.of(question, plain)).rights().get(question));
                        plan.set(new PolicyPlanner(rights.policies(), rights.access()).plan());
                    } catch (SQLException | RuntimeException | StackOverflowError e) {
                        error.set(e);
                    }
                },
                "small stack",
                SMALL_STACK);
        small.start();
        small.join();
        assertThat(error.get()).isNull();
        assertThat(requireNonNull(reading.get()).unanswered()).isEmpty();
        assertThat(requireNonNull(reading.get()).rights()).containsOnlyKeys(question, plain);
        assertThat(plan.get()).isNotNull();
    }
}
