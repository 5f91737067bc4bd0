package dev.walcast.rls.rows;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.types.TypeCatalog;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rows.RowSelect.Published;
import dev.walcast.rls.session.RoleConnections;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Reads rows of a Postgres database as the viewer's role and with its claims. Postgres itself applies row-level
/// security. The transaction is always rolled back, so that nothing remains of what a policy sets. Safe for any
/// thread.
///
/// The connections are set up by `IsolatedConnections`, and send values as text. Their `statement_timeout` bounds each
/// fetch.
public final class PostgresRowReader implements RowReader {
    private static final String BEGIN = "set transaction isolation level repeatable read, read only";

    /// Reads the snapshot, then the place in the log. So everything that the snapshot shows was committed before
    /// that place.
    private static final String MOMENT =
            "select pg_catalog.pg_current_snapshot()::text, pg_catalog.pg_current_wal_insert_lsn()::text";

    /// Whether the table was rewritten. A `TRUNCATE` or rewriting `ALTER TABLE` that commits between the snapshot
    /// and the first access to the table leaves it empty for that snapshot.
    private static final String REWRITTEN = """
            select exists (select from pg_catalog.pg_class c
                            where (c.oid operator(pg_catalog.=) ?::pg_catalog.oid or c.oid operator(pg_catalog.=) any (array(
                                     select p.relid::pg_catalog.oid from pg_catalog.pg_partition_tree(?::pg_catalog.oid::pg_catalog.regclass) p)))
                              and c.relfilenode operator(pg_catalog.<>) 0::pg_catalog.oid
                              and (pg_catalog.pg_relation_filenode(c.oid) operator(pg_catalog.=) c.relfilenode) is not true)""";

    private static final int TRIES_MAX = 5;

    private final RoleConnections connections;
    private final String publication;

    /// Makes a reader.
    public PostgresRowReader(RoleConnections connections, String publication) {
        this.connections = requireNonNull(connections, "connections is null");
        this.publication = requireNonNull(publication, "publication is null");
    }

    /// Makes a reader that uses one login for all roles.
    public PostgresRowReader(DataSource dataSource, String publication) {
        this(new RoleConnections(dataSource), publication);
    }

    @Override
    public Reading open(RowQuery query) throws RowsRefusedException, SQLException {
        for (int i = 0; i < TRIES_MAX; i++) {
            Connection connection = connections.of(query.viewer().role()).getConnection();
            boolean opened = false;
            try {
                PostgresReading reading = open(connection, query);
                opened = reading != null;
                if (reading != null) {
                    return reading;
                }
            } catch (SQLException e) {
                throw PostgresReading.explained(e);
            } finally {
                if (!opened) {
                    PostgresReading.end(connection);
                }
            }
        }
        throw new SQLException(query.access().table() + " is rewritten again and again");
    }

    /// Opens one reading; returns null when the table was rewritten meanwhile.
    private @Nullable PostgresReading open(Connection connection, RowQuery query)
            throws RowsRefusedException, SQLException {
        connection.setAutoCommit(false);
        PgSnapshot snapshot = snapshot(connection);
        RowSelect select = RowSelect.of(query, Published.read(connection, publication, query.access()));
        Table table = table(connection, select.columns(), query);
        become(connection, query.viewer());
        declare(connection, query, select);
        return isRewritten(connection, select.published().oid())
                ? null
                : new PostgresReading(connection, snapshot, table, select.generated());
    }

    /// Opens the cursor. Postgres plans and evaluates the statement with the settings of the viewer's role, and
    /// prints rows as all values are rendered. Where these settings differ, it evaluates all rows before it prints
    /// the first.
    private void declare(Connection connection, RowQuery query, RowSelect read)
            throws RowsRefusedException, SQLException {
        SessionSettings settings = query.access().settings();
        RowSelect byPath = byPath(connection, query, read);
        RowSelect select = byPath == null ? read : byPath;
        boolean buffered = select.isPrintedOtherwise(settings);
        List<String> statements = new ArrayList<>();
        addSelect(statements, byPath == null ? SettingsSql.early(settings) : SettingsSql.earlyWithPath(settings));
        statements.add("declare " + PostgresReading.CURSOR + " no scroll cursor for "
                + (buffered ? select.bufferedSql() : select.sql()));
        addSelect(statements, SettingsSql.late(settings));
        if (buffered) {
            statements.add("move forward 1 from " + PostgresReading.CURSOR);
            statements.add("select " + SettingsSql.renderingAgain(settings));
        }
        try (PreparedStatement statement = connection.prepareStatement(String.join("; ", statements))) {
            for (int i = 0; i < select.parameters().size(); i++) {
                statement.setString(i + 1, select.parameters().get(i));
            }
            statement.execute();
        }
    }

    /// Returns the statement to plan under the `search_path` of the role, because Postgres parses bodies of
    /// functions in policies while it plans; null when the condition of the publication may mean something else
    /// under that path.
    private @Nullable RowSelect byPath(Connection connection, RowQuery query, RowSelect select)
            throws RowsRefusedException, SQLException {
        String setPath = SettingsSql.path(query.access().settings());
        if (setPath == null || select.published().rows() == null) {
            return select;
        }
        Published published = Published.readByPath(connection, publication, query.access(), setPath);
        if (published == null) {
            ViewerSession.setEmptyPath(connection);
            return null;
        }
        return RowSelect.of(query, published);
    }

    private static void addSelect(List<String> statements, String expressions) {
        if (!expressions.isEmpty()) {
            statements.add("select " + expressions);
        }
    }

    private static PgSnapshot snapshot(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(BEGIN);
            try (ResultSet row = statement.executeQuery(MOMENT)) {
                row.next();
                return PgSnapshot.parse(row.getString(1), Lsn.parse(row.getString(2)));
            }
        }
    }

    private Table table(Connection connection, List<ColumnAccess> columns, RowQuery query) throws SQLException {
        TypeCatalog types = new TypeCatalog(() -> connection);
        List<Column> read = new ArrayList<>();
        for (ColumnAccess column : columns) {
            read.add(new Column(column.name(), types.type(column.type().oid()), column.identity()));
        }
        return new Table(query.access().table(), read);
    }

    private static void become(Connection connection, Viewer viewer) throws RowsRefusedException, SQLException {
        ViewerSession.claim(connection, viewer.claims());
        try {
            ViewerSession.become(connection, viewer.role());
        } catch (SQLException e) {
            if ("42501".equals(e.getSQLState())) {
                throw new RowsRefusedException(
                        "The server may not act as role \"" + viewer.role() + "\" to read rows for it: GRANT "
                                + SqlText.identifier(viewer.role()) + " TO the role in DATABASE_URL.");
            }
            throw e;
        }
    }

    private static boolean isRewritten(Connection connection, long oid) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(REWRITTEN)) {
            statement.setLong(1, oid);
            statement.setLong(2, oid);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                return row.getBoolean(1);
            }
        }
    }

    /// Writes a message to the log. Waits for the disk of this server, so that the log is sent to readers, and not
    /// for other servers.
    @Override
    public void moveOn() throws SQLException {
        try (Connection connection = connections.forServer().getConnection();
                Statement statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("set local synchronous_commit = local");
            statement.execute("select pg_catalog.pg_logical_emit_message(true, 'walcast', 'snapshot')");
            connection.commit();
        }
    }
}
