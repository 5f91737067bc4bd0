package dev.walcast.filters;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Parses a client's `filter` string: conditions separated by top-level commas, all of which must be true.
///
/// A comma inside parentheses or double quotes does not separate. A quote opens only directly after `.`, `(` or
/// `,`. Column names are taken literally. The value of `in` becomes a Postgres array literal and is not parsed
/// here. A condition may be a group in PostgREST's syntax: `or=(a.eq.1,not.and(b.gt.2,c.is.null))`.
public final class FilterParser {
    /// The most conditions in one filter.
    public static final int CONDITIONS_MAX = 100;
    /// The deepest nesting of groups.
    public static final int DEPTH_MAX = 8;
    /// The most characters in a filter.
    public static final int LENGTH_MAX = 10_000;

    private static final Pattern GROUP = Pattern.compile("(not\\.)?(and|or)=\\((.*)\\)", Pattern.DOTALL);
    private static final Pattern NESTED_GROUP = Pattern.compile("(not\\.)?(and|or)\\((.*)\\)", Pattern.DOTALL);
    private static final Pattern LANGUAGE = Pattern.compile("([a-z]+)\\(([^()]*)\\)");

    private int conditions;

    private FilterParser() {}

    /// Parses a filter.
    ///
    /// @return the nodes in the client's order; empty when the filter is blank
    /// @throws FilterSyntaxException with the text that the protocol prescribes
    public static List<FilterNode> parse(String filter) throws FilterSyntaxException {
        if (filter.length() > LENGTH_MAX) {
            throw new FilterSyntaxException("longer than " + LENGTH_MAX + " characters");
        }
        String trimmed = filter.strip();
        FilterParser parser = new FilterParser();
        List<FilterNode> nodes = new ArrayList<>();
        if (!trimmed.isEmpty()) {
            for (String segment : segments(trimmed)) {
                nodes.add(parser.topLevel(segment));
            }
        }
        return nodes;
    }

    private static List<String> segments(String filter) throws FilterSyntaxException {
        List<String> segments = split(filter).stream().map(String::strip).toList();
        if (segments.contains("")) {
            throw new FilterSyntaxException("filter must not contain empty segments (check for extra commas)");
        }
        return segments;
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

    private FilterNode topLevel(String text) throws FilterSyntaxException {
        Matcher group = GROUP.matcher(text);
        if (group.matches()) {
            return group(group, 1);
        }
        int equals = text.indexOf('=');
        if (equals < 0) {
            throw notUnderstood(text);
        }
        return condition(text.substring(0, equals), text.substring(equals + 1));
    }

    private FilterNode group(Matcher matcher, int depth) throws FilterSyntaxException {
        if (depth > DEPTH_MAX) {
            throw new FilterSyntaxException("groups are nested deeper than " + DEPTH_MAX);
        }
        List<FilterNode> nodes = new ArrayList<>();
        for (String segment : segments(matcher.group(3))) {
            Matcher nested = NESTED_GROUP.matcher(segment);
            nodes.add(nested.matches() ? group(nested, depth + 1) : nestedCondition(segment));
        }
        return new FilterNode.Group(matcher.group(2).equals("or"), matcher.group(1) != null, nodes);
    }

    /// Parses a condition inside a group: a dot separates column and operator. A column whose name holds a dot
    /// is quoted.
    private FilterNode nestedCondition(String text) throws FilterSyntaxException {
        if (text.startsWith("\"")) {
            int end = text.indexOf("\".", 1);
            if (end < 0) {
                throw notUnderstood(text);
            }
            return condition(text.substring(1, end), text.substring(end + 2));
        }
        int dot = text.indexOf('.');
        if (dot < 0) {
            throw notUnderstood(text);
        }
        return condition(text.substring(0, dot), text.substring(dot + 1));
    }

    private FilterNode condition(String column, String predicate) throws FilterSyntaxException {
        boolean negated = predicate.startsWith("not.");
        String operation = negated ? predicate.substring("not.".length()) : predicate;
        int dot = operation.indexOf('.');
        if (dot < 0) {
            throw notUnderstood(operation);
        }
        String token = operation.substring(0, dot);
        String value = operation.substring(dot + 1);
        Matcher language = LANGUAGE.matcher(token);
        boolean hasLanguage = language.matches();
        Operator operator = Operator.of(hasLanguage ? language.group(1) : token);
        if (operator == null || (hasLanguage && !operator.isFullText())) {
            throw notUnderstood(token, value);
        }
        if (++conditions > CONDITIONS_MAX) {
            throw new FilterSyntaxException("more than " + CONDITIONS_MAX + " conditions");
        }
        return new FilterNode.Condition(
                column, operator, value(operator, value), negated, hasLanguage ? language.group(2) : null);
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

    /// Removes the quotes of a value whose closing quote is its last character. Other values stay as they are.
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
