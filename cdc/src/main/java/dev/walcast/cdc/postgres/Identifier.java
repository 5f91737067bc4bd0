package dev.walcast.cdc.postgres;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.stream.Collectors;

/// Names as Postgres reads them back exactly: one without quotes would be folded to lower case.
public final class Identifier {
    /// The longest name in Postgres, which is compiled with a NAMEDATALEN of 64.
    public static final int BYTES_MAX = 63;

    private Identifier() {}

    /// Whether Postgres can have an object of this name.
    public static boolean fits(String name) {
        return name.length() <= BYTES_MAX && name.getBytes(UTF_8).length <= BYTES_MAX;
    }

    public static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /// With its schema.
    public static String quoted(TableId table) {
        return quoted(table.schema()) + "." + quoted(table.name());
    }

    /// As in `publication_names`.
    public static String list(List<String> names) {
        return names.stream().map(Identifier::quoted).collect(Collectors.joining(","));
    }
}
