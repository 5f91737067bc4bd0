package dev.walcast.rls.rows;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.rls.PgSnapshot;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads rows with a viewer's rights. Calls block.
public interface RowReader {
    /// Opens a reading, which the caller must close.
    ///
    /// @throws RowsRefusedException when the viewer may not read the rows, or Postgres cannot
    /// @throws SQLException         when the database could not be asked; calling again may help
    Reading open(RowQuery query) throws RowsRefusedException, SQLException;

    /// Commits a message that moves the feed on, so that it passes a snapshot also on an idle database.
    void moveOn() throws SQLException;

    /// The rows of one snapshot. It holds a transaction open. Used by one thread.
    interface Reading extends AutoCloseable {
        /// Returns the snapshot that the rows show.
        PgSnapshot snapshot();

        /// Returns the table with the columns that are read, in the order of their table.
        Table table();

        /// Returns the columns that the viewer may read and that are left out, because the feed never carries
        /// them.
        List<String> generated();

        /// Reads the next row.
        ///
        /// @return null after the last row
        /// @throws RowsRefusedException when Postgres cannot read the row
        @Nullable
        Row next() throws RowsRefusedException, SQLException;

        @Override
        void close();
    }
}
