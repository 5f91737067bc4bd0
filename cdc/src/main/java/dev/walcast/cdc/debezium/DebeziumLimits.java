package dev.walcast.cdc.debezium;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.source.SourceConfig;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/// Refuses what Debezium cannot read, before it stops in the middle.
final class DebeziumLimits {
    private DebeziumLimits() {}

    static void check(Connection connection, SourceConfig config) throws SQLException, SourceException {
        if (config.publications().size() > 1) {
            throw new SourceException(
                    "Debezium reads one publication, not " + String.join(" and ", config.publications())
                            + ": set READER to native.",
                    false);
        }
        checkTableNames(connection, config.publications().getFirst());
    }

    /// It would stop at the first change of a table whose name has a double quote, for everybody.
    private static void checkTableNames(Connection connection, String publication)
            throws SQLException, SourceException {
        String query = """
                select schemaname || '.' || tablename from pg_catalog.pg_publication_tables
                 where pubname = ? and (schemaname like '%"%' or tablename like '%"%') order by 1 limit 1""";
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setString(1, publication);
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    throw new SourceException(
                            "Table " + row.getString(1) + " has a double quote in its name, which the reader cannot"
                                    + " follow: take it out of the publication \"" + publication
                                    + "\", rename it, or set READER to native.",
                            false);
                }
            }
        }
    }
}
