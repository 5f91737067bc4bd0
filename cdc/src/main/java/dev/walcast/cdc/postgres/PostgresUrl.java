package dev.walcast.cdc.postgres;

import static java.util.Objects.requireNonNull;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The address of a database with its login: `postgres://user:password@host:port/database?sslmode=require`.
///
/// @param hosts      tried in this order until one of them is the primary; at least one
/// @param parameters further connection parameters, by their names in the JDBC driver
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
    /// @param name a host name, or an IP address without brackets
    public record Host(String name, int port) {
        public Host {
            requireNonNull(name, "name is null");
        }

        @Override
        public String toString() {
            return (name.contains(":") ? "[" + name + "]" : name) + ":" + port;
        }
    }

    /// Parses a URL as libpq does: several hosts, percent-encoding, and parameters by libpq's or the JDBC
    /// driver's names. Special characters in user and password need no encoding where the URL has only one
    /// meaning.
    ///
    /// @throws IllegalArgumentException with a message that repeats neither the URL nor a part of its password
    public static PostgresUrl parse(String text) {
        return new PostgresUrlParser(text).parse();
    }

    /// Returns the same database with another login.
    public PostgresUrl withLogin(String otherUser, @Nullable String otherPassword) {
        return new PostgresUrl(hosts, database, otherUser, otherPassword, parameters);
    }

    /// Returns all hosts with their ports, as in the URL.
    public String address() {
        return hosts.stream().map(Host::toString).collect(Collectors.joining(","));
    }

    /// Returns the URL for the JDBC driver, without user and password.
    public String jdbcUrl() {
        String name = URLEncoder.encode(database, StandardCharsets.UTF_8).replace("+", "%20");
        return "jdbc:postgresql://" + address() + "/" + name;
    }

    /// Returns the properties for the JDBC driver: user, password and the further parameters.
    public Properties properties() {
        Properties properties = new Properties();
        properties.putAll(parameters);
        properties.setProperty("user", user);
        if (password != null) {
            properties.setProperty("password", password);
        }
        return properties;
    }

    /// Returns the properties for the server's own statements. Names and operators resolve in `pg_catalog`
    /// only, so that no object of a user replaces them.
    public Properties ownProperties() {
        Properties properties = properties();
        properties.setProperty("currentSchema", "pg_catalog");
        return properties;
    }

    /// Returns the address without the login.
    @Override
    public String toString() {
        return address() + "/" + database;
    }
}
