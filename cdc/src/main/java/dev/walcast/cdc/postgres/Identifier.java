package dev.walcast.cdc.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.stream.Collectors;

/// Quotes names so that Postgres reads them back unchanged. Without quotes it would fold them to lower case.
public final class Identifier {
    /// The most bytes in a name: Postgres is compiled with a NAMEDATALEN of 64.
    public static final int BYTES_MAX = 63;

    private Identifier() {}

    /// Whether an object in Postgres can have this name.
    public static boolean fits(String name) {
        return name.length() <= BYTES_MAX && name.getBytes(UTF_8).length <= BYTES_MAX;
    }

    /// Returns a name in quotes.
    public static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /// Returns a table's name with its schema, both in quotes.
    public static String quoted(TableId table) {
        return quoted(table.schema()) + "." + quoted(table.name());
    }

    /// Returns a list of names in quotes, as for `publication_names`.
    public static String list(List<String> names) {
        return names.stream().map(Identifier::quoted).collect(Collectors.joining(","));
    }
}
