package dev.walcast.cdc.postgres;

import static java.util.Objects.requireNonNull;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Parses one [PostgresUrl]. As in libpq, everything between `//` and `@` is user and password, whatever
/// characters it holds. The last `@` counts, because no host name has one. No message repeats a part of the
/// text that may belong to a password.
final class PostgresUrlParser {
    private static final String FORM = "postgres://user:password@host:port/database";
    private static final int DEFAULT_PORT = 5432;
    private static final int HOSTS_MAX = 16;
    private static final int LENGTH_MAX = 16 * 1024;
    private static final Pattern SCHEME = Pattern.compile("(?:jdbc:)?(?:postgres|postgresql)://");
    private static final Pattern NAME = Pattern.compile("[\\p{L}\\p{N}._-]+");
    private static final Pattern IPV6 = Pattern.compile("[0-9A-Fa-f:.]+(%[\\p{L}\\p{N}._-]+)?");
    private static final Pattern KEY_VALUE = Pattern.compile("\\s*[a-z_]+\\s*=.*", Pattern.DOTALL);

    private final String text;

    PostgresUrlParser(String text) {
        this.text = requireNonNull(text, "text is null").strip();
    }

    /// The text behind the scheme, split where libpq splits it. Nothing is decoded.
    ///
    /// @param login null when the URL names no user before the hosts
    private record Parts(
            @Nullable String login,
            String hosts,
            String database,
            @Nullable String query) {}

    PostgresUrl parse() {
        Parts parts = parts();
        Map<String, String> given = query(parts);
        String user = null;
        String password = null;
        if (parts.login() != null) {
            String[] login = parts.login().split(":", 2);
            user = decoded(login[0], "the user");
            password = login.length > 1 ? decoded(login[1], "the password") : null;
        }
        // As in libpq, a parameter overrides the same value in the URL's other parts.
        user = or(given.remove("user"), user);
        password = or(given.remove("password"), password);
        if (user == null || user.isEmpty()) {
            throw malformed("it names no user");
        }
        String database = or(given.remove("dbname"), decoded(parts.database(), "the database name"));
        List<PostgresUrl.Host> hosts = hosts(parts.hosts(), given.remove("host"), given.remove("port"));
        return new PostgresUrl(
                hosts,
                requireNonNull(database).isEmpty() ? user : database,
                user,
                password,
                new ConnectionParameters(given).forDriver(hosts.size()));
    }

    private static @Nullable String or(@Nullable String first, @Nullable String second) {
        return first != null ? first : second;
    }

    private Parts parts() {
        var scheme = SCHEME.matcher(text);
        if (!scheme.lookingAt()) {
            if (KEY_VALUE.matcher(text).matches() && !text.contains("://")) {
                throw malformed("it is a list of keywords and values, which is not supported");
            }
            throw malformed("it does not begin with postgres:// or postgresql://");
        }
        if (text.length() > LENGTH_MAX) {
            throw malformed("it is longer than " + LENGTH_MAX + " characters");
        }
        String rest = text.substring(scheme.end());
        int slash = end(rest, rest.indexOf('/'));
        int at = rest.lastIndexOf('@', slash - 1);
        String behind = rest.substring(at + 1);
        int question = end(behind, behind.indexOf('?'));
        int path = behind.lastIndexOf('/', question - 1) < 0 ? question : Math.min(behind.indexOf('/'), question);
        String hosts = behind.substring(0, path);
        String database = path < question ? behind.substring(path + 1, question) : "";
        String query = question < behind.length() ? behind.substring(question + 1) : null;
        Parts parts = new Parts(at < 0 ? null : rest.substring(0, at), hosts, database, query);
        refuseCutPassword(parts);
        return parts;
    }

    private static int end(String whole, int index) {
        return index < 0 ? whole.length() : index;
    }

    /// Refuses an `@` behind the first `/` or `?`. It can be the end of a login whose password holds one of
    /// these. The rest of that password would be taken for the database's name or a parameter, and shown.
    private static void refuseCutPassword(Parts parts) {
        String login = parts.login() == null ? "" : parts.login();
        boolean inQuery = parts.query() != null && parts.query().contains("@");
        boolean inLogin = login.contains("@") && login.indexOf('?') > login.indexOf('@');
        if (parts.database().contains("@") || inQuery || inLogin) {
            throw malformed("it can be read in several ways; write a special character within the user, the password,"
                    + " the database name or a parameter as %2F for /, %3F for ?, %40 for @");
        }
    }

    private static Map<String, String> query(Parts parts) {
        Map<String, String> parameters = new LinkedHashMap<>();
        if (parts.query() != null && !parts.query().isEmpty()) {
            for (String pair : parts.query().split("&", -1)) {
                int equals = pair.indexOf('=');
                if (equals <= 0) {
                    throw malformed("a parameter behind the ? is not of the form name=value");
                }
                parameters.put(
                        decoded(pair.substring(0, equals), "a parameter's name"),
                        decoded(pair.substring(equals + 1), "a parameter's value"));
            }
        }
        return parameters;
    }

    private static List<PostgresUrl.Host> hosts(String inUrl, @Nullable String names, @Nullable String ports) {
        List<PostgresUrl.Host> hosts = new ArrayList<>();
        List<String> list = names != null ? List.of(names.split(",", -1)) : split(inUrl);
        List<String> given = ports == null ? List.of() : List.of(ports.split(",", -1));
        if (list.size() > HOSTS_MAX) {
            throw malformed("it names more than " + HOSTS_MAX + " hosts");
        }
        if (given.size() > 1 && given.size() != list.size()) {
            throw malformed("it names " + list.size() + " hosts and " + given.size() + " ports");
        }
        for (int i = 0; i < list.size(); i++) {
            PostgresUrl.Host host = names != null ? host(list.get(i), "") : hostAndPort(list.get(i));
            hosts.add(
                    given.isEmpty()
                            ? host
                            : new PostgresUrl.Host(host.name(), port(given.get(given.size() == 1 ? 0 : i))));
        }
        return hosts;
    }

    /// Splits a list of hosts. An address holds no comma, not even within brackets.
    private static List<String> split(String hosts) {
        return List.of(hosts.split(",", -1));
    }

    private static PostgresUrl.Host hostAndPort(String part) {
        int colon = part.startsWith("[") ? part.indexOf(':', end(part, part.indexOf(']'))) : part.indexOf(':');
        return colon < 0 ? host(part, "") : host(part.substring(0, colon), part.substring(colon + 1));
    }

    private static PostgresUrl.Host host(String encoded, String port) {
        String name = decoded(encoded, "the host");
        if (name.isEmpty() || name.startsWith("/") || name.startsWith("@")) {
            throw malformed("it names no host; Unix sockets are not supported, so write a host name or an IP address");
        }
        String bare = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
        boolean address = bare.contains(":") && IPV6.matcher(bare).matches();
        if (!address && !NAME.matcher(name).matches()) {
            throw malformed("its host is neither a name nor an IP address ([::1] for IPv6); special characters in the"
                    + " user and the password must be percent-encoded: %2F for /, %40 for @, %3A for :");
        }
        return new PostgresUrl.Host(bare, port(port));
    }

    private static int port(String port) {
        if (port.isEmpty()) {
            return DEFAULT_PORT;
        }
        int number = port.matches("[0-9]{1,5}") ? Integer.parseInt(port) : 0;
        if (number < 1 || number > 65_535) {
            throw malformed("its port is not a number between 1 and 65535; special characters in the user and the"
                    + " password must be percent-encoded: %2F for /, %40 for @, %3A for :");
        }
        return number;
    }

    /// @param what the part's name in the error message
    private static String decoded(String encoded, String what) {
        if (encoded.indexOf('%') < 0) {
            return encoded;
        }
        byte[] from = encoded.getBytes(StandardCharsets.UTF_8);
        ByteBuffer to = ByteBuffer.allocate(from.length);
        for (int i = 0; i < from.length; i++) {
            if (from[i] == '%') {
                int high = i + 2 < from.length ? Character.digit(from[i + 1], 16) : -1;
                int low = i + 2 < from.length ? Character.digit(from[i + 2], 16) : -1;
                if (high < 0 || low < 0 || (high == 0 && low == 0)) {
                    throw malformed("a % in " + what + " is not followed by two hexadecimal digits; write a % as %25");
                }
                to.put((byte) (high << 4 | low));
                i += 2;
            } else {
                to.put(from[i]);
            }
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(to.flip()).toString();
        } catch (CharacterCodingException e) {
            throw malformed("what is percent-encoded in " + what + " is not UTF-8; write a % as %25");
        }
    }

    static IllegalArgumentException malformed(String reason) {
        return new IllegalArgumentException("The database URL is not of the form " + FORM + ": " + reason + ".");
    }
}
