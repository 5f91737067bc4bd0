package dev.walcast.cdc.source.connection;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.cdc.postgres.PostgresUrl;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.util.Locale;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/// Explains in one sentence an error while connecting or asking, with the remedy.
public final class ConnectionProblem {
    private static final String POOLER_TEXT = "unsupported startup parameter";

    private final PostgresUrl url;
    private final String setting;

    /// @param setting the name of the setting that holds the URL
    public ConnectionProblem(PostgresUrl url, String setting) {
        this.url = requireNonNull(url, "url is null");
        this.setting = requireNonNull(setting, "setting is null");
    }

    /// Explains an error with the URL in DATABASE_URL.
    public static SourceException explain(SQLException e, PostgresUrl url) {
        return new ConnectionProblem(url, "DATABASE_URL").explain(e);
    }

    /// Explains an error.
    public SourceException explain(SQLException e) {
        String state = String.valueOf(e.getSQLState());
        String text = firstLine(e);
        if (text.contains(POOLER_TEXT)) {
            return pooler(text);
        }
        return switch (state) {
            case "28P01" ->
                permanent("Postgres at " + url + " refuses user \"" + url.user() + "\": check user and password in "
                        + setting + " (" + text + ").");
            case "28000" -> rejected(text);
            case "3D000" ->
                permanent("There is no database \"" + url.database() + "\" at " + url.address() + ": check the name in "
                        + setting + ".");
            case "53300" -> full(text);
            case "57P03" ->
                temporary("Postgres at " + url + " is starting up or shutting down: wait for it (" + text + ").");
            default -> state.startsWith("08") ? unreachable(e, text) : other(text);
        };
    }

    /// Explains that the URL leads to a connection pooler.
    ///
    /// @param reason the pooler's answer to a connection for replication
    public SourceException pooler(String reason) {
        return permanent("A connection pooler answers at " + url.address() + ", and replication does not pass through a"
                + " pooler: set " + setting + " to the host and port of Postgres itself (" + reason + ").");
    }

    private SourceException rejected(String text) {
        if (text.contains("no encryption") || text.contains("SSL off")) {
            return permanent("Postgres at " + url + " refuses user \"" + url.user()
                    + "\" without TLS: add sslmode=require to " + setting + " (" + text + ").");
        }
        if (text.contains("SSL encryption") || text.contains("SSL on")) {
            return permanent("Postgres at " + url + " refuses user \"" + url.user()
                    + "\" over TLS: add a line for it to pg_hba.conf, or set sslmode=disable in " + setting + " ("
                    + text
                    + ").");
        }
        return permanent("Postgres at " + url + " refuses user \"" + url.user() + "\": check user and password in "
                + setting + " and pg_hba.conf (" + text + ").");
    }

    private SourceException full(String text) {
        return text.contains("max_wal_senders")
                ? temporary("Postgres at " + url + " has no free WAL sender: raise max_wal_senders and restart"
                        + " Postgres, or end another replication (" + text + ").")
                : temporary("Postgres at " + url + " has no free connection: raise max_connections or close others ("
                        + text + ").");
    }

    private SourceException unreachable(SQLException e, String text) {
        if (text.contains("does not support SSL")) {
            return permanent("Postgres at " + url.address() + " does not offer TLS, which sslmode in " + setting
                    + " demands: set ssl = on in Postgres, or sslmode=prefer.");
        }
        SSLException tls = cause(e, SSLException.class);
        if (tls != null || text.toLowerCase(Locale.ROOT).contains("certificate")) {
            return permanent("TLS with Postgres at " + url.address()
                    + " fails: check sslmode and sslrootcert in " + setting + " ("
                    + (tls == null ? text : tls.getMessage())
                    + ").");
        }
        if (text.contains("targetServerType")) {
            return temporary("No host of " + url.address() + " is a primary: start or promote one, or name the primary"
                    + " in " + setting + ".");
        }
        if (text.contains("no password was provided")) {
            return permanent("Postgres at " + url + " requires a password for user \"" + url.user() + "\": add it to "
                    + setting + ".");
        }
        return temporary(noAnswer(e, text));
    }

    private String noAnswer(SQLException e, String text) {
        UnknownHostException unknown = cause(e, UnknownHostException.class);
        if (unknown != null) {
            return "There is no host named \""
                    + String.valueOf(unknown.getMessage()).replaceFirst(": .*", "") + "\": check the host in " + setting
                    + ".";
        }
        if (cause(e, SocketTimeoutException.class) != null) {
            return "There is no answer from " + url.address()
                    + ": is the machine up, and does a firewall allow connections from here? Check " + setting + ".";
        }
        boolean refused = cause(e, ConnectException.class) != null || cause(e, NoRouteToHostException.class) != null;
        if (url.hosts().size() > 1) {
            return "No host of " + url.address() + " answers as a primary: is it running, and reachable from here?"
                    + " Check " + setting + ".";
        }
        return "Nothing answers as Postgres at " + url.address() + ": is it running, and reachable from here?"
                + " Check " + setting + (refused ? "." : " (" + text + ").");
    }

    private static <T extends Throwable> @Nullable T cause(Throwable error, Class<T> type) {
        for (Throwable cause = error; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }

    private SourceException other(String text) {
        return temporary("Postgres at " + url + " answers with an error: " + text);
    }

    private static SourceException permanent(String message) {
        return new SourceException(message, false);
    }

    private static SourceException temporary(String message) {
        return new SourceException(message, true);
    }

    /// Returns the first line of an error's message.
    public static String firstLine(SQLException e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
    }
}
