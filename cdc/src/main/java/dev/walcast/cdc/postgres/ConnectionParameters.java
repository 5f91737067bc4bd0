package dev.walcast.cdc.postgres;

import static java.util.Map.entry;
import static java.util.Objects.requireNonNull;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.postgresql.PGProperty;

/// Translates the parameters of a URL, which have libpq's or the JDBC driver's names, to those of the JDBC
/// driver. Parameters that protect a connection and that the driver does not support are refused, not ignored.
final class ConnectionParameters {
    private static final Pattern PLAIN_NAME = Pattern.compile("[A-Za-z_]{1,40}");

    /// Parameters that have another name in the JDBC driver, by libpq's name.
    private static final Map<String, String> RENAMED = Map.ofEntries(
            entry("connect_timeout", "connectTimeout"),
            entry("application_name", "ApplicationName"),
            entry("sslnegotiation", "sslNegotiation"),
            entry("channel_binding", "channelBinding"),
            entry("require_auth", "requireAuth"),
            entry("gssencmode", "gssEncMode"),
            entry("krbsrvname", "kerberosServerName"));

    /// Parameters that change nothing that the server relies on.
    private static final Set<String> IGNORED = Set.of(
            "keepalives_idle",
            "keepalives_interval",
            "keepalives_count",
            "tcp_user_timeout",
            "fallback_application_name",
            "client_encoding",
            "sslcompression",
            "sslsni",
            "gssdelegation");

    /// Parameters of the driver that would change what the server relies on, or that have no effect.
    private static final Set<String> REFUSED = Set.of("replication", "service", "preferQueryMode", "readOnly");

    private static final Set<String> SSL_MODES =
            Set.of("disable", "allow", "prefer", "require", "verify-ca", "verify-full");

    private static final Set<String> PRIMARY = Set.of("primary", "read-write", "master", "preferPrimary");

    private final Map<String, String> given;

    ConnectionParameters(Map<String, String> given) {
        this.given = requireNonNull(given, "given is null");
    }

    /// Returns the parameters for the driver.
    ///
    /// @param hosts the number of hosts; with several, the driver connects to the primary, unless the URL has
    ///              another rule
    /// @throws IllegalArgumentException with a message for the operator
    Map<String, String> forDriver(int hosts) {
        Map<String, String> parameters = new LinkedHashMap<>();
        given.forEach((name, value) -> put(parameters, name, value));
        if ("system".equals(parameters.get("sslrootcert"))) {
            // For libpq, `system` means the certificates that the machine trusts, and libpq then checks the host's
            // name.
            parameters.remove("sslrootcert");
            parameters.put("sslfactory", "org.postgresql.ssl.DefaultJavaSSLFactory");
            parameters.put("sslmode", "verify-full");
        }
        if (hosts > 1) {
            parameters.putIfAbsent("targetServerType", "primary");
            // The driver asks a standby again after this time; it may have been promoted.
            parameters.putIfAbsent("hostRecheckSeconds", "1");
        }
        return parameters;
    }

    private static void put(Map<String, String> parameters, String name, String value) {
        switch (name) {
            case "target_session_attrs", "targetServerType" -> target(parameters, name, value);
            case "sslmode" -> parameters.put(name, sslMode(value));
            case "connect_timeout", "connectTimeout" -> parameters.put("connectTimeout", seconds(name, value));
            case "keepalives" -> parameters.put("tcpKeepAlive", Boolean.toString(!value.equals("0")));
            case "load_balance_hosts" -> parameters.put("loadBalanceHosts", Boolean.toString(value.equals("random")));
            case "pgbouncer" -> {
                if (!value.equals("false")) {
                    throw PostgresUrlParser.malformed(
                            "it has the parameter pgbouncer; replication does not pass through"
                                    + " a connection pooler, so name the database's own host and port");
                }
            }
            default -> further(parameters, name, value);
        }
    }

    private static void target(Map<String, String> parameters, String name, String value) {
        if (PRIMARY.contains(value)) {
            parameters.put("targetServerType", "primary");
        } else if (value.equals("any")) {
            parameters.put("targetServerType", value);
        } else {
            throw PostgresUrlParser.malformed(
                    name + " must be primary, read-write or any, because only the primary's log is read");
        }
    }

    private static String sslMode(String value) {
        if (!SSL_MODES.contains(value)) {
            throw PostgresUrlParser.malformed(
                    "sslmode must be disable, allow, prefer, require, verify-ca or verify-full");
        }
        return value;
    }

    private static String seconds(String name, String value) {
        if (!value.matches("[0-9]{1,6}")) {
            throw PostgresUrlParser.malformed(name + " must be a number of seconds");
        }
        return value;
    }

    private static void further(Map<String, String> parameters, String name, String value) {
        String driver = RENAMED.getOrDefault(name, name);
        if (IGNORED.contains(name)) {
            return;
        }
        if (REFUSED.contains(name) || name.startsWith("PG") || PGProperty.forName(driver) == null) {
            // A name of another form may be part of a password.
            throw PostgresUrlParser.malformed(
                    PLAIN_NAME.matcher(name).matches() && value.indexOf('@') < 0
                            ? "its parameter " + name + " is not supported"
                            : "it has a parameter that is not supported");
        }
        parameters.put(driver, value);
    }
}
