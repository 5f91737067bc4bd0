package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks a real Postgres. Safe for any thread; each call takes one connection from the pool.
public final class PostgresCatalog implements Catalog {
    private static final String ACCESS = sql("access.sql");
    private static final String COLUMNS_OF_TYPES = sql("columns-of-types.sql");

    private final DataSource dataSource;
    private final String publication;

    public PostgresCatalog(DataSource dataSource, String publication) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.publication = requireNonNull(publication, "publication is null");
    }

    @Override
    public @Nullable Set<TableId> publishedTables() throws SQLException {
        String query = """
                select t.schemaname, t.tablename
                  from pg_catalog.pg_publication p
                  left join pg_catalog.pg_publication_tables t on t.pubname = p.pubname
                 where p.pubname = ?""";
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, publication);
            try (ResultSet rows = statement.executeQuery()) {
                return publishedTables(rows);
            }
        }
    }

    private static @Nullable Set<TableId> publishedTables(ResultSet rows) throws SQLException {
        boolean exists = false;
        Set<TableId> tables = new HashSet<>();
        while (rows.next()) {
            exists = true;
            if (rows.getString(1) != null) {
                tables.add(new TableId(rows.getString(1), rows.getString(2)));
            }
        }
        return exists ? tables : null;
    }

    @Override
    public Map<Question, TableAccess> access(Collection<Question> questions) throws SQLException {
        if (questions.isEmpty()) {
            return Map.of();
        }
        List<Question> asked = List.copyOf(questions);
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(ACCESS)) {
            statement.setString(1, publication);
            statement.setArray(
                    2, texts(connection, asked.stream().map(Question::role).toList()));
            statement.setArray(
                    3,
                    texts(
                            connection,
                            asked.stream().map(q -> q.table().schema()).toList()));
            statement.setArray(
                    4,
                    texts(connection, asked.stream().map(q -> q.table().name()).toList()));
            try (ResultSet rows = statement.executeQuery()) {
                return accessByQuestion(rows);
            }
        }
    }

    private static Map<Question, TableAccess> accessByQuestion(ResultSet rows) throws SQLException {
        Map<Question, TableAccess> found = new HashMap<>();
        Map<Question, List<TableAccess.ColumnAccess>> columns = new HashMap<>();
        while (rows.next()) {
            TableId table = new TableId(rows.getString("schema_name"), rows.getString("table_name"));
            Question question = new Question(rows.getString("role_name"), table);
            columns.computeIfAbsent(question, _ -> new ArrayList<>()).add(column(rows));
            found.putIfAbsent(
                    question,
                    new TableAccess(
                            table,
                            rows.getBoolean("published"),
                            rows.getBoolean("usage"),
                            rows.getBoolean("row_security"),
                            List.of()));
        }
        found.replaceAll((question, access) -> new TableAccess(
                access.table(),
                access.published(),
                access.usage(),
                access.rowSecurity(),
                requireNonNull(columns.get(question))));
        return found;
    }

    private static TableAccess.ColumnAccess column(ResultSet rows) throws SQLException {
        return new TableAccess.ColumnAccess(
                rows.getString("column_name"),
                rows.getInt("column_number"),
                rows.getBoolean("readable"),
                ColumnTypes.read(rows),
                rows.getString("type_name"),
                rows.getBoolean("key"),
                rows.getBoolean("identity"),
                rows.getBoolean("generated"));
    }

    @Override
    public boolean roleExists(String role) throws SQLException {
        String query = "select exists (select from pg_catalog.pg_roles where rolname = ?)";
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, role);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    @Override
    public List<String> columnsOfTypes(Collection<String> typeNames) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(COLUMNS_OF_TYPES)) {
            statement.setArray(1, texts(connection, List.copyOf(typeNames)));
            statement.setString(2, publication);
            try (ResultSet rows = statement.executeQuery()) {
                List<String> columns = new ArrayList<>();
                while (rows.next()) {
                    columns.add(rows.getString(1));
                }
                return columns;
            }
        }
    }

    private static java.sql.Array texts(Connection connection, List<String> values) throws SQLException {
        return connection.createArrayOf("text", values.toArray());
    }

    static String sql(String name) {
        try (InputStream file = requireNonNull(PostgresCatalog.class.getResourceAsStream(name), name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
