package dev.walcast.rls.guard;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;

/// Asks Postgres whether a viewer sees the only row of a table. The trial is rolled back.
final class ExactRow {
    private ExactRow() {}

    /// Returns `visible`, `hidden`, or `error` with its SQLSTATE.
    static String select(DataSource superuser, TableId table, TableAccess access, Row row, Viewer viewer)
            throws SQLException {
        String name = SqlText.identifier(table.schema()) + "." + SqlText.identifier(table.name());
        try (Connection connection = superuser.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("discard all");
            connection.setAutoCommit(false);
            statement.execute("set local session_replication_role = replica; set local timezone = 'UTC'");
            statement.execute("delete from " + name);
            statement.execute(insert(name, access, row));
            statement.execute("set local session_replication_role = origin");
            statement.execute(
                    "select set_config('request.jwt.claims', " + SqlText.literal(viewer.claims()) + ", true)");
            try {
                statement.execute("set local role " + SqlText.identifier(viewer.role()));
                try (ResultSet rows =
                        statement.executeQuery("select count(*) from (select 1 from " + name + ") as x")) {
                    rows.next();
                    return rows.getInt(1) == 1 ? "visible" : "hidden";
                }
            } catch (SQLException e) {
                return "error " + e.getSQLState() + " " + e.getMessage();
            } finally {
                connection.rollback();
                connection.setAutoCommit(true);
            }
        }
    }

    private static String insert(String name, TableAccess access, Row row) {
        List<String> columns = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (ColumnAccess column : access.columns()) {
            int index = row.table().indexOf(column.name());
            if (index >= 0 && !column.generated() && row.missing(index) == null) {
                columns.add(SqlText.identifier(column.name()));
                String text = row.text(index);
                values.add(
                        text == null
                                ? "null"
                                : SqlText.literal(text) + "::" + column.type().baseSql());
            }
        }
        return "insert into " + name + " (" + String.join(", ", columns) + ") overriding system value values ("
                + String.join(", ", values) + ")";
    }
}
