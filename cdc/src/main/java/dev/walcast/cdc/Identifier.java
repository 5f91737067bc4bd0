package dev.walcast.cdc;

import java.util.List;
import java.util.stream.Collectors;

/// Names as Postgres reads them back exactly: one without quotes would be folded to lower case.
public final class Identifier {
    private Identifier() {}

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
