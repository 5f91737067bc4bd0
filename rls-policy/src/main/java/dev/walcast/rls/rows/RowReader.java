package dev.walcast.rls.rows;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.rls.PgSnapshot;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads rows with a viewer's rights. Calls block.
public interface RowReader {
    /// @throws RowsRefusedException when the viewer may not, or Postgres cannot
    /// @throws SQLException         when the database could not be asked; trying again may help
    Reading open(RowQuery query) throws RowsRefusedException, SQLException;

    /// Commits something that the feed passes soon, however idle the database.
    void moveOn() throws SQLException;

    /// The rows at one moment. Holds a transaction open.
    interface Reading extends AutoCloseable {
        PgSnapshot moment();

        /// The columns that are read, in the order of their table.
        Table table();

        /// Columns that the viewer may read but the feed never carries, which are left out.
        List<String> generated();

        /// @return null behind the last one
        /// @throws RowsRefusedException when Postgres cannot read it
        @Nullable
        Row next() throws RowsRefusedException, SQLException;

        @Override
        void close();
    }
}
