package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.PublishedTables;
import dev.walcast.cdc.TableId;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Asks a real Postgres. Safe for any thread; each call takes one connection from the pool.
public final class PostgresCatalog implements Catalog {
    private static final String PUBLISHED = sql("published-tables.sql");

    private final DataSource dataSource;
    private final String publication;

    public PostgresCatalog(DataSource dataSource, String publication) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.publication = requireNonNull(publication, "publication is null");
    }

    @Override
    public @Nullable Set<TableId> publishedTables() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(withPublished(connection, PUBLISHED))) {
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
        try (Connection connection = dataSource.getConnection()) {
            CatalogQueries queries = new CatalogQueries(connection);
            queries.begin();
            try {
                return access(queries, questions);
            } finally {
                queries.end();
                connection.setAutoCommit(true);
            }
        }
    }

    private Map<Question, TableAccess> access(CatalogQueries queries, Collection<Question> questions)
            throws SQLException {
        Failures failures = new Failures();
        Map<String, RoleFacts> roles =
                queries.roles(Set.copyOf(questions.stream().map(Question::role).toList()), null);
        Map<TableId, TableVersion> versions = queries.tables(
                Set.copyOf(questions.stream().map(Question::table).toList()), publication);
        Map<Long, TableFacts> facts = queries.facts(versions.values(), failures);
        for (SQLException failure : failures.all().values()) {
            throw failure;
        }
        Map<Question, TableAccess> accesses = new HashMap<>();
        for (Question question : questions) {
            TableVersion version = versions.get(question.table());
            if (version != null) {
                accesses.put(
                        question,
                        requireNonNull(facts.get(version.oid()))
                                .access(requireNonNull(roles.get(question.role())), version.published()));
            }
        }
        return accesses;
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

    private static String withPublished(Connection connection, String query) throws SQLException {
        int major = connection.getMetaData().getDatabaseMajorVersion();
        return query.replace("${published}", PublishedTables.query(major));
    }

    static String sql(String name) {
        try (InputStream file = requireNonNull(PostgresCatalog.class.getResourceAsStream(name), name)) {
            return new String(file.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
