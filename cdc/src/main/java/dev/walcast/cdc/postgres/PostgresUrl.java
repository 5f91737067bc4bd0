package dev.walcast.cdc.postgres;

import static java.util.Objects.requireNonNull;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where a database is and who logs in: `postgres://user:password@host:port/database?sslmode=require`.
///
/// @param hosts      tried in this order until one of them is the primary; at least one
/// @param parameters further connection parameters, by the names that the JDBC driver knows
public record PostgresUrl(
        List<Host> hosts,
        String database,
        String user,
        @Nullable String password,
        Map<String, String> parameters) {
    public PostgresUrl {
        hosts = List.copyOf(hosts);
        if (hosts.isEmpty()) {
            throw new IllegalArgumentException("there is no host");
        }
        requireNonNull(database, "database is null");
        requireNonNull(user, "user is null");
        parameters = Map.copyOf(parameters);
    }

    /// One server.
    ///
    /// @param name a host name or an IP address, the latter without brackets
    public record Host(String name, int port) {
        public Host {
            requireNonNull(name, "name is null");
        }

        @Override
        public String toString() {
            return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
        }
    }

    /// Reads what libpq reads from a URI: several hosts, percent-encoding, parameters by libpq's names or the JDBC
    /// driver's. Special characters in user and password need no encoding where only one reading is possible.
    ///
    /// @throws IllegalArgumentException with a sentence that repeats neither the URL nor a part of its password
    public static PostgresUrl parse(String text) {
        return new PostgresUrlParser(text).parse();
    }

    /// The same database with another login.
    public PostgresUrl withLogin(String otherUser, @Nullable String otherPassword) {
        return new PostgresUrl(hosts, database, otherUser, otherPassword, parameters);
    }

    /// All hosts with their ports, as in the URL.
    public String address() {
        return hosts.stream().map(Host::toString).collect(Collectors.joining(","));
    }

    /// Without user and password.
    public String jdbcUrl() {
        String name = URLEncoder.encode(database, StandardCharsets.UTF_8).replace("+", "%20");
        return "jdbc:postgresql://" + address() + "/" + name;
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
        return address() + "/" + database;
    }
}
