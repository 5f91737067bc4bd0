package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.filters.FilterNode;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.Operator;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.catalog.PostgresCatalog;
import dev.walcast.rls.question.RowEvaluator.Asked;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.postgresql.ds.PGSimpleDataSource;

/// Decides every row of `filters.jsonl`, which is one filter and one value, in memory or in Postgres. The result must
/// be the recorded one of Postgres.
class FilterVectorsPgTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// The databases, by the collation that the vectors name.
    private static final Map<String, String> LOCALES = Map.of(
            "C.UTF-8",
            "",
            "icu:en-US",
            "locale_provider icu icu_locale 'en-US' locale 'C'",
            "libc:en_US.UTF-8",
            "locale_provider libc locale 'en_US.UTF-8'");

    private static TestPostgres postgres;
    private static final Map<String, Database> databases = new HashMap<>();
    private static final List<HikariDataSource> pools = new ArrayList<>();
    private static final Set<String> withoutDatabase = new HashSet<>();

    @BeforeAll
    static void startPostgres() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute("create role reader in role pg_read_all_data");
        for (Map.Entry<String, String> entry : LOCALES.entrySet()) {
            String name = entry.getKey().split("[:.]", 2)[0].toLowerCase(java.util.Locale.ROOT);
            try {
                String locale = entry.getValue().isEmpty() ? postgres.localeC() : entry.getValue();
                postgres.execute("create database " + name + " template template0 encoding 'UTF8' " + locale);
            } catch (IllegalStateException e) {
                System.out.println(
                        "FilterVectorsPgTest leaves out collation " + entry.getKey() + ": this machine's Postgres"
                                + " cannot have it: " + e.getCause().getMessage());
                withoutDatabase.add(entry.getKey());
                continue;
            }
            postgres.executeIn(name, setup().split("-- render.jsonl")[0].split("-- filters.jsonl")[1]);
            PGSimpleDataSource dataSource = new PGSimpleDataSource();
            dataSource.setURL(
                    "jdbc:postgresql://127.0.0.1:" + postgres.port() + "/" + name
                            + "?user=postgres&options=-c%20search_path=filters_types,public%20-c%20timezone=UTC%20-c%20statement_timeout=5s");
            databases.put(entry.getKey(), new Database(pooled(dataSource)));
        }
    }

    /// Without a pool, opening a connection for each of some thousand filters takes most of the time.
    private static DataSource pooled(DataSource dataSource) {
        HikariConfig config = new HikariConfig();
        config.setDataSource(dataSource);
        config.setMaximumPoolSize(2);
        HikariDataSource pool = new HikariDataSource(config);
        pools.add(pool);
        return pool;
    }

    @AfterAll
    static void stopPostgres() throws IOException {
        pools.forEach(HikariDataSource::close);
        postgres.close();
    }

    private static String setup() throws IOException {
        try (InputStream file = FilterVectorsPgTest.class.getResourceAsStream("/vectors/setup.sql")) {
            return new String(Objects.requireNonNull(file).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /// One database, with the columns and filters looked up in it.
    private static final class Database {
        private final DataSource dataSource;
        private final PostgresCatalog catalog;
        private final FilterResolver resolver;
        private final PostgresRowEvaluator oracle;
        private final Map<String, ColumnType> types = new LinkedHashMap<>();
        private final Map<String, Object> resolved = new HashMap<>();

        Database(DataSource dataSource) {
            this.dataSource = dataSource;
            this.catalog = new PostgresCatalog(dataSource, "none");
            this.resolver = new FilterResolver(new PostgresFilterDatabase(dataSource));
            this.oracle = new PostgresRowEvaluator(dataSource, dataSource, System::nanoTime);
        }

        ColumnType type(String declared) throws SQLException {
            ColumnType known = types.get(declared);
            if (known != null) {
                return known;
            }
            String table = "t" + types.size();
            try (var connection = dataSource.getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("create table filters_types." + table + " (v " + declared + ")");
            }
            AccessQuestion question = new AccessQuestion("reader", new TableId("filters_types", table));
            TableAccess access =
                    Objects.requireNonNull(catalog.access(List.of(question)).get(question));
            ColumnType type = Objects.requireNonNull(access.readable("v")).type();
            types.put(declared, type);
            return type;
        }

        /// Returns a predicate, or the exception that refused the filter.
        Object resolve(JsonNode vector) throws SQLException, UnansweredException {
            String declared = vector.get("type").asText();
            String op = vector.get("op").asText();
            String filter = vector.get("filter").asText();
            boolean negate = vector.get("negate").asBoolean();
            String key = String.join("\n", declared, op, filter, String.valueOf(negate));
            Object known = resolved.get(key);
            if (known == null) {
                ColumnType type = type(declared);
                Operator operator = operators.get(op);
                try {
                    known = resolver.resolve(
                            List.of(new FilterNode.Condition("v", Objects.requireNonNull(operator), filter, negate)),
                            name -> name.equals("v") ? type : null,
                            RoleSession.NO_ROLE);
                } catch (FilterRefusedException e) {
                    known = e;
                }
                resolved.put(key, known);
            }
            return known;
        }
    }

    private static final Map<String, Operator> operators = new HashMap<>();

    static {
        for (Operator operator : Operator.values()) {
            operators.put(operator.token(), operator);
        }
    }

    /// One vector with its predicate and row.
    private record Pending(JsonNode vector, Predicate predicate, Row row) {}

    private final List<String> differences = new ArrayList<>();
    private final Map<String, Integer> tally = new TreeMap<>();
    /// How filters were decided, by type and operator.
    private final Map<String, Map<String, Set<String>>> table = new TreeMap<>();

    @Test
    void vectorsAreDecidedAsInPostgres() throws Exception {
        Map<String, JsonNode> newer = new HashMap<>();
        if (postgres.majorVersion() >= 16) {
            for (JsonNode row : lines("/vectors/filters.pg18.diff.jsonl")) {
                newer.put(key(row), row);
            }
        }
        Map<Database, List<Pending>> pending = new HashMap<>();
        for (JsonNode row : lines("/vectors/filters.jsonl.gz")) {
            JsonNode vector = newer.getOrDefault(key(row), row);
            String collation = row.path("collation").asText("C.UTF-8");
            Database database = databases.get(collation);
            if (database == null) {
                assertThat(withoutDatabase).contains(collation);
                count("left out, no such collation here");
                continue;
            }
            decide(vector, database, pending.computeIfAbsent(database, _ -> new ArrayList<>()));
        }
        for (Map.Entry<Database, List<Pending>> entry : pending.entrySet()) {
            askPostgres(entry.getKey(), entry.getValue());
        }
        System.out.println("filters.jsonl: " + tally);
        differences.stream().limit(60).forEach(System.out::println);
        assertThat(differences).hasSize(0);
        if (postgres.majorVersion() >= 18) {
            checkDocs();
        }
    }

    private void decide(JsonNode vector, Database database, List<Pending> pending)
            throws SQLException, UnansweredException {
        Object resolved = database.resolve(vector);
        if (resolved instanceof FilterRefusedException refusal) {
            checkRefusal(vector, refusal);
            return;
        }
        if (isRefusedByTheReference(vector)) {
            differences.add("accepted: " + vector);
            return;
        }
        ColumnType type = database.type(vector.get("type").asText());
        Table owner = new Table(
                new TableId("filters_types", "t"),
                List.of(new Column("v", new PgType.Scalar(type.baseOid(), type.base(), JsonForm.TEXT), true)));
        JsonNode value = vector.get("value");
        Row row = Row.of(owner).text(0, value.isNull() ? null : value.asText()).build();
        Predicate predicate = (Predicate) resolved;
        Truth truth = predicate.test(row, RowAnswers.NONE);
        if (truth == Truth.UNDECIDED) {
            pending.add(new Pending(vector, predicate, row));
        } else {
            check(vector, truth, "in memory", false);
        }
    }

    private void askPostgres(Database database, List<Pending> pending) throws UnansweredException {
        for (int from = 0; from < pending.size(); from += 500) {
            List<Pending> batch = pending.subList(from, Math.min(pending.size(), from + 500));
            Set<Asked> asked = new LinkedHashSet<>();
            for (Pending one : batch) {
                one.predicate.undecided(one.row, RowAnswers.NONE, question -> asked.add(new Asked(question, one.row)));
            }
            RowEvaluator.Outcome outcome = database.oracle.ask(asked);
            for (Pending one : batch) {
                Set<Asked> own = new HashSet<>();
                one.predicate.undecided(one.row, RowAnswers.NONE, question -> own.add(new Asked(question, one.row)));
                boolean failed = !outcome.failuresOf(own).isEmpty();
                check(one.vector, one.predicate.test(one.row, outcome), "by Postgres", failed);
            }
        }
    }

    private void check(JsonNode vector, Truth truth, String how, boolean failed) {
        String expected = expected(vector);
        note(vector, how);
        if (isOnlyWithCast(vector) && !failed) {
            count("composite, which Postgres compares with a cast");
            return;
        }
        boolean agrees = expected.equals("error")
                ? failed && truth != Truth.TRUE
                : expected.equals("true") == (truth == Truth.TRUE) && !failed;
        if (agrees) {
            count(how);
        } else {
            differences.add(how + " " + truth + (failed ? " failed" : "") + ": " + vector);
        }
    }

    /// Whether there is nothing to compare with: the bare literal has no type in Postgres, and Supabase Realtime
    /// fails on its own JSON.
    private static boolean isOnlyWithCast(JsonNode vector) {
        return vector.get("type").asText().equals("addr")
                && vector.get("pg").asText().equals("error")
                && vector.get("expected").asText().equals("error");
    }

    private void checkRefusal(JsonNode vector, FilterRefusedException refusal) {
        note(vector, "refused");
        boolean lonelyEscape = refusal.sqlState().equals("22025");
        // Refused for any value. In some vectors Postgres does not evaluate the filter, because the value is NULL.
        boolean nondeterministic = refusal.getMessage().contains("nondeterministic collations are not supported");
        if (!isRefusedByTheReference(vector)
                && !expected(vector).equals("error")
                && !lonelyEscape
                && !nondeterministic) {
            differences.add("refused (" + refusal.getMessage() + "): " + vector);
            return;
        }
        if (vector.path("phase").asText().equals("subscribe")) {
            String text = refusal.sqlState() + " " + refusal.getMessage();
            if (!text.equals(vector.get("error").asText())) {
                count("refused with another text");
                return;
            }
        }
        count(lonelyEscape ? "refused at join: pattern ends in its escape character" : "refused at join");
    }

    /// Whether Supabase Realtime refuses it when a client subscribes, and not because of a fault of its own.
    private static boolean isRefusedByTheReference(JsonNode vector) {
        return vector.path("phase").asText().equals("subscribe")
                && (vector.get("pg").asText().equals("error")
                        || vector.get("type").asText().equals("ltree")
                        || !vector.get("error").asText().contains("requires a text-compatible column type"));
    }

    /// Returns the result of Postgres; where only its typing of the bare literal fails (`cidr`, composites), the
    /// result with the value cast as in Supabase Realtime.
    private static String expected(JsonNode vector) {
        JsonNode reference = vector.get("expected");
        boolean literalOnly = Set.of("cidr", "addr").contains(vector.get("type").asText())
                && vector.get("pg").asText().equals("error")
                && reference.isBoolean();
        return (literalOnly ? reference : vector.get("pg")).asText();
    }

    private void note(JsonNode vector, String how) {
        if (vector.path("collation").asText("C.UTF-8").equals("C.UTF-8")) {
            table.computeIfAbsent(vector.get("type").asText(), _ -> new TreeMap<>())
                    .computeIfAbsent(vector.get("op").asText(), _ -> new HashSet<>())
                    .add(how);
        }
    }

    private void count(String what) {
        tally.merge(what, 1, Integer::sum);
    }

    /// Returns the key of a row. A column with its own collation compares the same way in every database; newer
    /// rows omit the libc collations.
    private static String key(JsonNode row) {
        return String.join(
                "\n",
                row.get("type").asText(),
                row.get("type").asText().contains("collate")
                        ? ""
                        : row.path("collation").asText("C.UTF-8"),
                String.valueOf(row.get("value")),
                row.get("op").asText(),
                String.valueOf(row.get("negate")),
                row.get("filter").asText());
    }

    private static List<JsonNode> lines(String resource) throws IOException {
        InputStream file = Objects.requireNonNull(FilterVectorsPgTest.class.getResourceAsStream(resource));
        List<JsonNode> rows = new ArrayList<>();
        try (BufferedReader reader = new BufferedReader(new InputStreamReader(
                resource.endsWith(".gz") ? new GZIPInputStream(file) : file, StandardCharsets.UTF_8))) {
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                rows.add(JSON.readTree(line));
            }
        }
        return rows;
    }

    /// Compares with the table of `docs/filters.md`.
    private void checkDocs() throws IOException {
        List<String> columns = java.util.Arrays.stream(Operator.values())
                .map(Operator::token)
                .filter(token -> table.values().stream().anyMatch(row -> row.containsKey(token)))
                .toList();
        StringBuilder text = new StringBuilder(
                "| Type | " + String.join(" | ", columns) + " |\n|---|" + "---|".repeat(columns.size()) + "\n");
        table.forEach((type, row) -> text.append("| `")
                .append(type)
                .append("` | ")
                .append(columns.stream()
                        .map(op -> how(row.getOrDefault(op, Set.of())))
                        .collect(Collectors.joining(" | ")))
                .append(" |\n"));
        Path docs = Path.of("..", "docs", "filters.md");
        String page = Files.readString(docs);
        int start = page.indexOf("| Type |");
        int end = page.indexOf("\n\n", start);
        String fresh = page.substring(0, start) + text.toString().stripTrailing() + page.substring(end);
        if (System.getProperty("walcast.write-docs") != null) {
            Files.writeString(docs, fresh);
        }
        assertThat(Files.readString(docs))
                .as("docs/filters.md differs from what is done; run with -Dwalcast.write-docs")
                .isEqualTo(fresh);
    }

    private static String how(Set<String> ways) {
        boolean memory = ways.contains("in memory");
        boolean asked = ways.contains("by Postgres");
        return asked ? (memory ? "m/P" : "P") : memory ? "m" : ways.isEmpty() ? "" : "–";
    }
}
