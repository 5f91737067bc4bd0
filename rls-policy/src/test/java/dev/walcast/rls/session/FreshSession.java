package dev.walcast.rls.session;

import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

/// A new session of a login role, with the settings of the server, the database and the role, and without those of the
/// driver. It resets the driver's `DateStyle`, without which the driver does not work.
final class FreshSession implements AutoCloseable {
    private final Connection connection;

    FreshSession(int port, String database, String role) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", role);
        this.connection =
                new ServerTimeZone("jdbc:postgresql://127.0.0.1:" + port + "/" + database, properties).connect();
    }

    /// Returns the first column of the last statement's rows, or the SQLSTATE of the error.
    ///
    /// @param dateStyle the style that the session would have without the driver
    List<String> query(String dateStyle, String claims, String query) throws SQLException {
        List<String> found = new ArrayList<>();
        try (Statement statement = connection.createStatement()) {
            statement.execute("set request.jwt.claims = " + SqlText.literal(claims));
            // In one round trip, because the driver must not see another style.
            statement.execute(
                    "set datestyle = " + SqlText.literal(dateStyle) + "; " + query + "; set datestyle = 'ISO'");
            boolean more = true;
            while (more) {
                ResultSet rows = statement.getResultSet();
                while (rows != null && rows.next()) {
                    found.add(String.valueOf(rows.getString(1)));
                }
                more = statement.getMoreResults() || statement.getUpdateCount() >= 0;
            }
            return found;
        } catch (SQLException e) {
            return List.of("error " + e.getSQLState());
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
