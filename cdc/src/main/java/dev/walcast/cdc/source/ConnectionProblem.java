package dev.walcast.cdc.source;

import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.SourceException;
import java.net.UnknownHostException;
import java.sql.SQLException;

/// Says what an error while connecting or asking means.
final class ConnectionProblem {
    private ConnectionProblem() {}

    static SourceException explain(SQLException e, PostgresUrl url) {
        String state = String.valueOf(e.getSQLState());
        return switch (state) {
            case "28P01", "28000" ->
                new SourceException(
                        "Postgres at " + url + " refuses user \"" + url.user() + "\": check user and password in"
                                + " DATABASE_URL (" + firstLine(e) + ").",
                        false);
            case "3D000" ->
                new SourceException(
                        "There is no database \"" + url.database() + "\" at " + url.host() + ":" + url.port()
                                + ": check the name in DATABASE_URL.",
                        false);
            case "53300" ->
                new SourceException(
                        "Postgres at " + url + " has no free connection: raise max_connections or close others.", true);
            case "57P03" -> new SourceException("Postgres at " + url + " is starting up or shutting down.", true);
            default -> state.startsWith("08") ? unreachable(e, url) : other(e, url);
        };
    }

    private static SourceException unreachable(SQLException e, PostgresUrl url) {
        if (e.getCause() instanceof UnknownHostException) {
            return new SourceException(
                    "There is no host named \"" + url.host() + "\": check the host in DATABASE_URL.", true);
        }
        return new SourceException(
                "Nothing answers as Postgres at " + url.host() + ":" + url.port()
                        + ": is it running, and reachable from here? Check DATABASE_URL (" + firstLine(e) + ").",
                true);
    }

    private static SourceException other(SQLException e, PostgresUrl url) {
        return new SourceException("Postgres at " + url + " answers with an error: " + firstLine(e), true);
    }

    private static String firstLine(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
    }
}
