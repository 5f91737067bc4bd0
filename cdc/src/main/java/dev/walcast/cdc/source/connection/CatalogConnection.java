package dev.walcast.cdc.source.connection;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.types.TypeCatalog;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// A connection for queries of the catalog, which is opened again after an error. Used by the reader's thread
/// only.
public final class CatalogConnection implements TypeCatalog.Connections, AutoCloseable {
    private static final int TIMEOUT_SECONDS = 10;

    private final PostgresUrl url;
    private final @Nullable ReaderSockets sockets;
    private @Nullable Connection connection;

    public CatalogConnection(PostgresUrl url) {
        this(url, null);
    }

    /// @param sockets owns its sockets; null when only timeouts end a wait for them
    public CatalogConnection(PostgresUrl url, @Nullable ReaderSockets sockets) {
        this.url = requireNonNull(url, "url is null");
        this.sockets = sockets;
    }

    @Override
    public Connection get() throws SQLException {
        Connection open = connection;
        if (open == null || !open.isValid(TIMEOUT_SECONDS)) {
            close();
            open = open(url, sockets);
            connection = open;
        }
        return open;
    }

    public static Connection open(PostgresUrl url, @Nullable ReaderSockets sockets) throws SQLException {
        return DriverManager.getConnection(url.jdbcUrl(), properties(url, sockets));
    }

    public static Properties properties(PostgresUrl url, @Nullable ReaderSockets sockets) {
        Properties properties = url.ownProperties();
        if (sockets != null) {
            sockets.addTo(properties, "", ReaderSocketFactory.class);
        }
        properties.setProperty("ApplicationName", "walcast catalog");
        properties.putIfAbsent("connectTimeout", Integer.toString(TIMEOUT_SECONDS));
        properties.putIfAbsent("socketTimeout", "30");
        return properties;
    }

    @Override
    public void close() {
        Connection open = connection;
        connection = null;
        if (open != null) {
            try {
                open.close();
            } catch (SQLException _) {
                // The connection was broken already.
            }
        }
    }
}
