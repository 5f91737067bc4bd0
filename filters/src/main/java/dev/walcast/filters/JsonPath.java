package dev.walcast.filters;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A path into a JSON column in PostgREST's syntax: `data->a->0`, `data->>key`.
///
/// @param sql    the path in SQL, without the column
/// @param isText whether it ends in `->>`
record JsonPath(String column, String sql, boolean isText) {
    private static final Pattern STEP = Pattern.compile("(->>?)([^->]+)");
    private static final Pattern INDEX = Pattern.compile("-?[0-9]{1,9}");

    /// Parses a path; returns null when the name is none.
    static @Nullable JsonPath parse(String name) {
        int arrow = name.indexOf("->");
        if (arrow <= 0) {
            return null;
        }
        StringBuilder sql = new StringBuilder();
        Matcher steps = STEP.matcher(name);
        int at = arrow;
        boolean text = false;
        while (at < name.length()) {
            if (text || !steps.find(at) || steps.start() != at) {
                return null;
            }
            text = steps.group(1).equals("->>");
            String key = steps.group(2);
            sql.append(" OPERATOR(pg_catalog.").append(steps.group(1)).append(") ");
            sql.append(INDEX.matcher(key).matches() ? key : FilterResolver.literal(key));
            at = steps.end();
        }
        return new JsonPath(name.substring(0, arrow), sql.toString(), text);
    }
}
