package dev.walcast.server.acks;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.acks.Cursors.Changes;
import dev.walcast.server.acks.Cursors.Cursor;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;

/// The table `realtime.cursors`, which belongs to the server's role.
final class CursorTable {
    private final DataSource database;
    private final int rowsMax;

    CursorTable(DataSource database, int rowsMax) {
        this.database = requireNonNull(database, "database is null");
        this.rowsMax = rowsMax;
    }

    /// Whether there is such a table and the role may use it.
    boolean exists() throws SQLException {
        try (Connection connection = database.getConnection();
                PreparedStatement statement =
                        connection.prepareStatement("select coalesce(pg_catalog.has_table_privilege("
                                + "pg_catalog.to_regclass('realtime.cursors'), 'select, insert, update, delete'), false)"
                                + " and pg_catalog.has_schema_privilege('realtime', 'usage')");
                ResultSet row = statement.executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    /// The most recently used ones, the least recently used of them first.
    Map<CursorKey, Cursor> read() throws SQLException {
        Map<CursorKey, Cursor> cursors = new LinkedHashMap<>();
        try (Connection connection = database.getConnection();
                PreparedStatement statement =
                        connection.prepareStatement("select * from (select key, \"position\", used_at from"
                                + " realtime.cursors order by used_at desc limit ?) newest order by used_at")) {
            statement.setInt(1, rowsMax);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    cursors.put(
                            new CursorKey(row.getString(1)),
                            new Cursor(
                                    row.getString(2),
                                    row.getObject(3, OffsetDateTime.class).toInstant()));
                }
            }
        }
        return cursors;
    }

    void write(Changes changes) throws SQLException {
        try (Connection connection = database.getConnection()) {
            save(connection, changes.kept());
            delete(connection, changes.gone());
        }
    }

    private static void save(Connection connection, Map<CursorKey, Cursor> kept) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(
                "insert into realtime.cursors (key, \"position\", used_at) values (?, ?, ?) on conflict (key) do update"
                        + " set \"position\" = excluded.\"position\", used_at = excluded.used_at")) {
            for (Map.Entry<CursorKey, Cursor> entry : kept.entrySet()) {
                statement.setString(1, entry.getKey().digest());
                statement.setString(2, entry.getValue().position());
                statement.setObject(3, entry.getValue().used().atOffset(ZoneOffset.UTC));
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }

    private static void delete(Connection connection, Set<CursorKey> gone) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("delete from realtime.cursors where key = ?")) {
            for (CursorKey key : gone) {
                statement.setString(1, key.digest());
                statement.addBatch();
            }
            statement.executeBatch();
        }
    }
}
