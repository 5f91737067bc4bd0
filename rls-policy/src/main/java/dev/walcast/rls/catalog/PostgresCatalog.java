package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PublishedTables;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.publication.PublicationSql;
import dev.walcast.rls.sql.SqlFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Reads the catalog of a Postgres database. Safe for any thread. Each call takes one connection from the pool.
public final class PostgresCatalog implements Catalog {
    private static final String PUBLISHED = SqlFile.read(PostgresCatalog.class, "published-tables.sql");
    private static final String RELATION = SqlFile.read(PostgresCatalog.class, "relation.sql");
    private static final String READABLE = SqlFile.read(PostgresCatalog.class, "readable-tables.sql");

    private final DataSource dataSource;
    private final String publication;

    /// Makes a catalog for one publication, which does not have to exist.
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
    public Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> questions) throws SQLException {
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

    private Map<AccessQuestion, TableAccess> access(CatalogQueries queries, Collection<AccessQuestion> questions)
            throws SQLException {
        TableFailures failures = new TableFailures();
        Map<String, RoleFacts> roles = queries.roles(
                Set.copyOf(questions.stream().map(AccessQuestion::role).toList()), null);
        Map<TableId, TableVersion> versions = queries.tables(
                Set.copyOf(questions.stream().map(AccessQuestion::table).toList()), publication);
        Map<Long, TableFacts> facts = queries.facts(versions.values(), failures);
        for (SQLException failure : failures.all().values()) {
            throw failure;
        }
        Map<AccessQuestion, TableAccess> accesses = new HashMap<>();
        for (AccessQuestion question : questions) {
            TableVersion version = versions.get(question.table());
            if (version != null) {
                accesses.put(
                        question,
                        requireNonNull(facts.get(version.oid()))
                                .access(requireNonNull(roles.get(question.role())), version.publishing()));
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

    @Override
    public Set<TableId> readableTables(String role) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(withPublished(connection, READABLE))) {
            statement.setString(1, publication);
            statement.setString(2, role);
            statement.setString(3, role);
            try (ResultSet rows = statement.executeQuery()) {
                Set<TableId> tables = new HashSet<>();
                while (rows.next()) {
                    tables.add(new TableId(rows.getString(1), rows.getString(2)));
                }
                return tables;
            }
        }
    }

    @Override
    public RelationFacts relation(AccessQuestion question) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(PublicationSql.of(connection, RELATION))) {
            for (int i = 1; i <= 3; i++) {
                statement.setString(i, question.role());
            }
            statement.setString(4, question.table().schema());
            statement.setString(5, question.table().name());
            statement.setString(6, publication);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return relation(question.table(), row, connection.getMetaData().getDatabaseMajorVersion());
            }
        }
    }

    private RelationFacts relation(TableId table, ResultSet row, int major) throws SQLException {
        String standsFor = row.getString("published_schema");
        RelationFacts.Publication facts = new RelationFacts.Publication(
                publication,
                row.getBoolean("publication_found"),
                row.getBoolean("via_root"),
                List.of((String[]) row.getArray("columns").getArray()),
                row.getString("condition"),
                row.getBoolean("changes"),
                major);
        return new RelationFacts(
                table,
                row.getBoolean("found"),
                row.getBoolean("schema_usable"),
                row.getBoolean("readable"),
                letter(row.getString("kind")),
                letter(row.getString("persistence")),
                row.getBoolean("system"),
                row.getBoolean("identified"),
                row.getBoolean("covered"),
                standsFor == null
                        ? Optional.empty()
                        : Optional.of(new TableId(standsFor, row.getString("published_name"))),
                facts);
    }

    private static char letter(@Nullable String kind) {
        return kind == null ? ' ' : kind.charAt(0);
    }

    private static String withPublished(Connection connection, String query) throws SQLException {
        int major = connection.getMetaData().getDatabaseMajorVersion();
        return query.replace("${published}", PublishedTables.query(major));
    }
}
