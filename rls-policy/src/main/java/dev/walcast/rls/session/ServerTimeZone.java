package dev.walcast.rls.session;

import static java.util.Objects.requireNonNull;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Properties;
import javax.net.SocketFactory;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.postgresql.core.SocketFactoryFactory;
import org.postgresql.util.PSQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the time zone of sessions for which nothing sets one. The driver sends a time zone whenever it connects, and
/// the session cannot show which one it would have had. So this class connects without one. Calls block.
///
/// The driver makes instances of the nested classes by their names. They change one name in the startup message:
/// [#SENT] becomes [#HARMLESS], a custom setting of the same length without a meaning.
public final class ServerTimeZone {
    private static final byte[] SENT = "TimeZone\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] HARMLESS = "walca.tz\0".getBytes(StandardCharsets.US_ASCII);
    private static final String SOCKETS = "socketFactory";
    private static final String TLS = "sslfactory";
    private static final String TLS_BEFORE = "walcastSslFactory";
    private static final int PROTOCOL = 3;

    private static final Logger log = LoggerFactory.getLogger(ServerTimeZone.class);
    private static final String TIMEOUT_SECONDS = "5";
    private static final String UTC = "UTC";

    private final String jdbcUrl;
    private final Properties properties;

    /// Makes a reader for one database.
    ///
    /// @param properties properties of the driver, such as user and password. With a `socketFactory` among them,
    ///                   the time zone cannot be read and is taken to be UTC
    public ServerTimeZone(String jdbcUrl, Properties properties) {
        this.jdbcUrl = requireNonNull(jdbcUrl, "jdbcUrl is null");
        this.properties = new Properties();
        this.properties.putAll(properties);
    }

    /// Connects and reads the time zone.
    ///
    /// @return the name of the time zone
    public String read() throws SQLException {
        if (properties.getProperty(SOCKETS) != null) {
            log.warn("The URL of the database names a socketFactory: time zones that nothing sets are taken to be UTC");
            return UTC;
        }
        try (Connection connection = connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("show timezone")) {
            row.next();
            return row.getString(1);
        }
    }

    /// Opens a session without a time zone of the driver.
    Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, unset(properties));
    }

    private static Properties unset(Properties properties) {
        Properties unset = new Properties();
        unset.putAll(properties);
        unset.putIfAbsent("connectTimeout", TIMEOUT_SECONDS);
        unset.putIfAbsent("socketTimeout", TIMEOUT_SECONDS);
        unset.setProperty(SOCKETS, PlainSocketFactory.class.getName());
        String tls = properties.getProperty(TLS);
        if (tls != null) {
            unset.setProperty(TLS_BEFORE, tls);
        }
        unset.setProperty(TLS, TlsSocketFactory.class.getName());
        return unset;
    }

    /// Makes sockets without encryption that change the startup message.
    public static final class PlainSocketFactory extends SocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public OutputStream getOutputStream() throws IOException {
                    return new StartupMessageFilter(super.getOutputStream());
                }
            };
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
                throws IOException {
            throw notConnected();
        }
    }

    private static IOException notConnected() {
        return new IOException("the driver connects its sockets itself");
    }

    /// Makes sockets with TLS that change the startup message. The factory that the properties name, or the one
    /// of the driver, makes the TLS connection.
    public static final class TlsSocketFactory extends SSLSocketFactory {
        private final SSLSocketFactory factory;

        /// Makes a factory.
        ///
        /// @param properties the properties of the connection
        public TlsSocketFactory(Properties properties) throws PSQLException {
            Properties own = new Properties();
            own.putAll(properties);
            String before = properties.getProperty(TLS_BEFORE);
            if (before == null) {
                own.remove(TLS);
            } else {
                own.setProperty(TLS, before);
            }
            this.factory = SocketFactoryFactory.getSslSocketFactory(own);
        }

        @Override
        public Socket createSocket(Socket socket, String host, int port, boolean autoClose) throws IOException {
            return new TlsSocket((SSLSocket) factory.createSocket(socket, host, port, autoClose));
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return factory.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return factory.getSupportedCipherSuites();
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            throw notConnected();
        }

        @Override
        public Socket createSocket(InetAddress address, int port, InetAddress localAddress, int localPort)
                throws IOException {
            throw notConnected();
        }
    }

    /// Changes the startup message, which the driver writes in one piece.
    static final class StartupMessageFilter extends FilterOutputStream {
        private boolean started;

        StartupMessageFilter(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
            byte[] written = bytes;
            int first = start;
            if (!started && length > 8 && bytes[start + 4] == 0 && bytes[start + 5] == PROTOCOL) {
                started = true;
                written = withoutTimeZone(bytes, start, length);
                first = 0;
            }
            out.write(written, first, length);
        }

        private static byte[] withoutTimeZone(byte[] bytes, int start, int length) {
            byte[] changed = Arrays.copyOfRange(bytes, start, start + length);
            for (int i = 8; i <= length - SENT.length; i++) {
                if (Arrays.equals(changed, i, i + SENT.length, SENT, 0, SENT.length)) {
                    System.arraycopy(HARMLESS, 0, changed, i, HARMLESS.length);
                    return changed;
                }
            }
            return changed;
        }
    }
}
