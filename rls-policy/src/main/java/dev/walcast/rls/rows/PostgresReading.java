package dev.walcast.rls.rows;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlStates;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads rows from a cursor. Each fetch is large enough to be worth its round trip. Used by one thread.
final class PostgresReading implements RowReader.Reading {
    static final String CURSOR = "walcast_rows";
    private static final int FIRST_FETCH = 50;

    private static final Logger log = LoggerFactory.getLogger(PostgresReading.class);
    private static final int FETCH_BYTES = 256 << 10;
    private static final int FETCH_MAX = 5_000;

    private final Connection connection;
    private final Statement statement;
    private final PgSnapshot snapshot;
    private final Table table;
    private final List<String> generated;
    private @Nullable ResultSet rows;
    private int fetched;
    private int fetchSize = FIRST_FETCH;
    private long count;
    private long bytes;

    /// Makes a reading, which closes the connection when it is closed.
    ///
    /// @param connection has the open cursor [#CURSOR]
    PostgresReading(Connection connection, PgSnapshot snapshot, Table table, List<String> generated)
            throws SQLException {
        this.connection = requireNonNull(connection, "connection is null");
        this.statement = connection.createStatement();
        this.snapshot = requireNonNull(snapshot, "snapshot is null");
        this.table = requireNonNull(table, "table is null");
        this.generated = List.copyOf(generated);
    }

    @Override
    public PgSnapshot snapshot() {
        return snapshot;
    }

    @Override
    public Table table() {
        return table;
    }

    @Override
    public List<String> generated() {
        return generated;
    }

    @Override
    public @Nullable Row next() throws RowsRefusedException, SQLException {
        try {
            ResultSet current = rows;
            while (current == null || !current.next()) {
                if (current != null && fetched < fetchSize) {
                    return null;
                }
                current = fetch();
            }
            fetched++;
            Row.Builder row = Row.of(table);
            for (int i = 0; i < table.columns().size(); i++) {
                row.text(i, current.getString(i + 1));
            }
            Row read = row.build();
            count++;
            bytes += read.bytes();
            return read;
        } catch (SQLException e) {
            throw explained(e);
        }
    }

    private ResultSet fetch() throws SQLException {
        if (bytes > 0) {
            fetchSize = Math.clamp(FETCH_BYTES / Math.max(1, bytes / count), 1, FETCH_MAX);
        }
        fetched = 0;
        ResultSet next = statement.executeQuery("fetch forward " + fetchSize + " from " + CURSOR);
        rows = next;
        return next;
    }

    /// Turns an error into a refusal for the client where asking again would not help. The message of Postgres is
    /// only logged, because it may contain values that the viewer may not see.
    static SQLException explained(SQLException e) throws RowsRefusedException {
        String state = String.valueOf(e.getSQLState());
        if (state.equals("57014")) {
            throw new RowsRefusedException("Reading its rows took too long.");
        }
        if (SqlStates.saysTheValueIsWrong(e)) {
            log.info("Rows could not be read: {} {}", state, SqlStates.primaryMessage(e));
            throw new RowsRefusedException("Its rows could not be read: ERROR " + state + " ("
                    + SqlStates.conditionName(state) + "); the server's log says more.");
        }
        return e;
    }

    /// Rolls back and gives the connection back to its pool.
    static void end(Connection connection) {
        try (connection) {
            ViewerSession.end(connection);
        } catch (SQLException e) {
            log.debug("A reading's connection was broken", e);
        }
    }

    @Override
    public void close() {
        end(connection);
    }
}
