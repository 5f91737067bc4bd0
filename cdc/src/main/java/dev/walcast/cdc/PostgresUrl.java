package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/// Where a database is and who logs in: `postgres://user:password@host:port/database?sslmode=require`.
///
/// @param parameters further connection parameters, by the names that the JDBC driver knows
public record PostgresUrl(
        String host,
        int port,
        String database,
        String user,
        @Nullable String password,
        Map<String, String> parameters) {
    private static final int DEFAULT_PORT = 5432;

    public PostgresUrl {
        requireNonNull(host, "host is null");
        requireNonNull(database, "database is null");
        requireNonNull(user, "user is null");
        parameters = Map.copyOf(parameters);
    }

    /// @throws IllegalArgumentException with a sentence that does not repeat the URL, which may hold a password
    public static PostgresUrl parse(String text) {
        URI uri = uri(text.startsWith("jdbc:") ? text.substring("jdbc:".length()) : text);
        String scheme = uri.getScheme();
        if (!"postgres".equals(scheme) && !"postgresql".equals(scheme)) {
            throw malformed("it does not begin with postgres://");
        }
        if (uri.getHost() == null) {
            throw malformed("it names no host; special characters in the password have to be percent-encoded");
        }
        Map<String, String> parameters = parameters(uri.getRawQuery());
        String[] login = uri.getRawUserInfo() == null
                ? new String[0]
                : uri.getRawUserInfo().split(":", 2);
        String user = login.length > 0 ? decoded(login[0]) : parameters.remove("user");
        String password = login.length > 1 ? decoded(login[1]) : parameters.remove("password");
        if (user == null || user.isEmpty()) {
            throw malformed("it names no user");
        }
        String path = uri.getPath() == null ? "" : uri.getPath().replaceFirst("^/", "");
        String database = path.isEmpty() ? user : path;
        int port = uri.getPort() < 0 ? DEFAULT_PORT : uri.getPort();
        return new PostgresUrl(uri.getHost().replaceAll("[\\[\\]]", ""), port, database, user, password, parameters);
    }

    private static URI uri(String text) {
        try {
            return new URI(text);
        } catch (URISyntaxException e) {
            throw malformed("special characters in the password have to be percent-encoded");
        }
    }

    private static IllegalArgumentException malformed(String reason) {
        return new IllegalArgumentException(
                "The database URL is not of the form postgres://user:password@host:port/database: " + reason + ".");
    }

    private static Map<String, String> parameters(@Nullable String query) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (query != null) {
            for (String pair : query.split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals > 0) {
                    parameters.put(decoded(pair.substring(0, equals)), decoded(pair.substring(equals + 1)));
                }
            }
        }
        return parameters;
    }

    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    /// Without user and password.
    public String jdbcUrl() {
        String name = URLEncoder.encode(database, StandardCharsets.UTF_8).replace("+", "%20");
        String address = host.contains(":") ? "[" + host + "]" : host;
        return "jdbc:postgresql://" + address + ":" + port + "/" + name;
    }

    /// For the JDBC driver: user, password and the further parameters.
    public Properties properties() {
        Properties properties = new Properties();
        properties.putAll(parameters);
        properties.setProperty("user", user);
        if (password != null) {
            properties.setProperty("password", password);
        }
        return properties;
    }

    /// The same for the server's own statements: names and operators resolve in `pg_catalog` only, whatever objects
    /// the database's users have made.
    public Properties ownProperties() {
        Properties properties = properties();
        properties.setProperty("currentSchema", "pg_catalog");
        return properties;
    }

    /// Where it is; not who logs in with what.
    @Override
    public String toString() {
        return host + ":" + port + "/" + database;
    }
}
