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

/// Reads the time zone that sessions have for which nothing sets one. The driver always names a time zone when it
/// connects, and no session can tell afterwards which it would have had; so this connects without. Calls block.
///
/// The driver makes instances of the nested classes by their names. They change one name in the message that begins a
/// session, [#SENT] to [#HARMLESS], a custom setting of the same length that means nothing.
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

    /// @param properties user, password and what else the driver shall know. Sockets of their own cannot be combined
    ///                   with this; then the server's time zone is taken to be UTC
    public ServerTimeZone(String jdbcUrl, Properties properties) {
        this.jdbcUrl = requireNonNull(jdbcUrl, "jdbcUrl is null");
        this.properties = new Properties();
        this.properties.putAll(properties);
    }

    /// Connects, and asks.
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

    /// A session without a time zone of the driver's.
    Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, unset(properties));
    }

    private static Properties unset(Properties properties) {
        Properties unset = new Properties();
        unset.putAll(properties);
        unset.putIfAbsent("connectTimeout", TIMEOUT_SECONDS);
        unset.putIfAbsent("socketTimeout", TIMEOUT_SECONDS);
        unset.setProperty(SOCKETS, Sockets.class.getName());
        String tls = properties.getProperty(TLS);
        if (tls != null) {
            unset.setProperty(TLS_BEFORE, tls);
        }
        unset.setProperty(TLS, Tls.class.getName());
        return unset;
    }

    /// Makes sockets without encryption.
    public static final class Sockets extends SocketFactory {
        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public OutputStream getOutputStream() throws IOException {
                    return new Beginning(super.getOutputStream());
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

    /// Makes sockets with TLS by the factory that the properties name, or the driver's own.
    public static final class Tls extends SSLSocketFactory {
        private final SSLSocketFactory factory;

        /// @param properties those of the connection
        public Tls(Properties properties) throws PSQLException {
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

    /// Changes the message that begins the session, which the driver writes in one piece.
    static final class Beginning extends FilterOutputStream {
        private boolean begun;

        Beginning(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int start, int length) throws IOException {
            byte[] written = bytes;
            int first = start;
            if (!begun && length > 8 && bytes[start + 4] == 0 && bytes[start + 5] == PROTOCOL) {
                begun = true;
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
