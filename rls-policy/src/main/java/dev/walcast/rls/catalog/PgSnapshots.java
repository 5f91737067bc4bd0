package dev.walcast.rls.catalog;

import dev.walcast.cdc.Lsn;
import dev.walcast.rls.PgSnapshot;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import javax.sql.DataSource;

/// Asks Postgres which transactions are visible now. A commit is in the log before other sessions see it.
public final class PgSnapshots {
    private static final String QUERY =
            "select pg_catalog.pg_current_snapshot()::pg_catalog.text, pg_catalog.pg_current_wal_insert_lsn()"
                    + "::pg_catalog.text";

    private PgSnapshots() {}

    /// Returns the current snapshot. A question that begins after this call sees at least as much. Blocks.
    public static PgSnapshot now(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(QUERY);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return PgSnapshot.parse(row.getString(1), Lsn.parse(row.getString(2)));
        }
    }
}
