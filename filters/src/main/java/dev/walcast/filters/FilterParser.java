package dev.walcast.filters;

import java.util.ArrayList;
import java.util.List;

/// Reads a client's `filter` string: conditions separated by top-level commas, all of which must hold.
///
/// A comma inside parentheses or double quotes does not separate; a quote opens only directly after `.`, `(` or `,`.
/// Columns are taken literally. The value of `in` becomes a Postgres array literal and is not looked into.
public final class FilterParser {
    private FilterParser() {}

    /// @return the conditions in the client's order; empty when the filter is blank
    /// @throws FilterSyntaxException with the text that the protocol prescribes
    public static List<Condition> parse(String filter) throws FilterSyntaxException {
        String trimmed = filter.strip();
        List<Condition> conditions = new ArrayList<>();
        if (trimmed.isEmpty()) {
            return conditions;
        }
        for (String segment : split(trimmed)) {
            String condition = segment.strip();
            if (condition.isEmpty()) {
                throw new FilterSyntaxException("filter must not contain empty segments (check for extra commas)");
            }
            conditions.add(condition(condition));
        }
        return conditions;
    }

    private static List<String> split(String filter) {
        List<String> segments = new ArrayList<>();
        int depth = 0;
        boolean quoted = false;
        int start = 0;
        for (int i = 0; i < filter.length(); i++) {
            char c = filter.charAt(i);
            if (quoted) {
                if (c == '\\') {
                    i++;
                } else if (c == '"') {
                    quoted = false;
                }
            } else if (c == '"') {
                quoted = i > 0 && ".(,".indexOf(filter.charAt(i - 1)) >= 0;
            } else if (c == '(') {
                depth++;
            } else if (c == ')') {
                depth = Math.max(0, depth - 1);
            } else if (c == ',' && depth == 0) {
                segments.add(filter.substring(start, i));
                start = i + 1;
            }
        }
        segments.add(filter.substring(start));
        return segments;
    }

    private static Condition condition(String text) throws FilterSyntaxException {
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw notUnderstood(text);
        }
        String predicate = text.substring(equals + 1);
        boolean negated = predicate.startsWith("not.");
        String operation = negated ? predicate.substring("not.".length()) : predicate;
        int dot = operation.indexOf('.');
        if (dot < 0) {
            throw notUnderstood(operation);
        }
        String token = operation.substring(0, dot);
        String value = operation.substring(dot + 1);
        Operator operator = Operator.of(token);
        if (operator == null) {
            throw notUnderstood(token, value);
        }
        return new Condition(text.substring(0, equals), operator, value(operator, value), negated);
    }

    private static String value(Operator operator, String value) throws FilterSyntaxException {
        if (operator != Operator.IN) {
            return unquoted(value);
        }
        if (!value.startsWith("(") || !value.endsWith(")") || value.length() < 2) {
            throw new FilterSyntaxException("`in` filter value must be wrapped by parentheses");
        }
        return "{" + value.substring(1, value.length() - 1) + "}";
    }

    /// A value is unquoted only when its closing quote is its last character; otherwise it stays as it is.
    private static String unquoted(String value) {
        if (value.length() < 2 || value.charAt(0) != '"') {
            return value;
        }
        StringBuilder out = new StringBuilder(value.length());
        for (int i = 1; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\\' && i + 1 < value.length()) {
                out.append(value.charAt(++i));
            } else if (c == '"') {
                return i == value.length() - 1 ? out.toString() : value;
            } else {
                out.append(c);
            }
        }
        return value;
    }

    private static FilterSyntaxException notUnderstood(String... parts) {
        StringBuilder list = new StringBuilder("[");
        for (String part : parts) {
            list.append(list.length() == 1 ? "\"" : ", \"");
            list.append(part.replace("\\", "\\\\").replace("\"", "\\\"")).append('"');
        }
        return new FilterSyntaxException(list.append(']').toString());
    }
}
