package dev.walcast.cdc.debezium;

import dev.walcast.cdc.PublishedTables;
import dev.walcast.cdc.SourceException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/// Refuses what Debezium cannot read, before it stops in the middle.
final class DebeziumLimits {
    private DebeziumLimits() {}

    /// It would stop at the first change of a table whose name has a double quote, for everybody.
    static void check(Connection connection, List<String> publications) throws SQLException, SourceException {
        String query = """
                select n.nspname || '.' || c.relname, published.pubname
                  from (${published}) as published
                  join pg_catalog.pg_class c on c.oid = published.relid
                  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                 where published.pubname = any (?) and (n.nspname like '%"%' or c.relname like '%"%') order by 1 limit 1""".replace(
                "${published}", PublishedTables.query(connection.getMetaData().getDatabaseMajorVersion()));
        try (PreparedStatement statement = connection.prepareStatement(query)) {
            statement.setArray(1, connection.createArrayOf("text", publications.toArray()));
            try (ResultSet row = statement.executeQuery()) {
                if (row.next()) {
                    throw new SourceException(
                            "Table " + row.getString(1) + " has a double quote in its name, which the reader cannot"
                                    + " follow: take it out of the publication \"" + row.getString(2)
                                    + "\", rename it, or set READER to native.",
                            false);
                }
            }
        }
    }
}
