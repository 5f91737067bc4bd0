package dev.walcast.rls.sql;

import dev.walcast.cdc.postgres.Identifier;
import java.util.ArrayList;
import java.util.List;

/// Cuts SQL as Postgres prints it, minding quotes and parentheses.
public final class SqlText {
    private SqlText() {}

    /// Without the parentheses around the whole, where there are any.
    public static String withoutParentheses(String sql) {
        String text = sql.strip();
        while (text.startsWith("(") && closing(text, 0) == text.length() - 1) {
            text = text.substring(1, text.length() - 1).strip();
        }
        return text;
    }

    /// The parts between the words that stand outside all parentheses and quotes.
    public static List<String> split(String sql, String word) {
        List<String> parts = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < sql.length(); i = next(sql, i)) {
            if (sql.startsWith(word, i)) {
                parts.add(sql.substring(start, i));
                start = i + word.length();
                i = start - 1;
            }
        }
        parts.add(sql.substring(start));
        return parts;
    }

    /// Replaces a text where it stands outside quotes and is not the end of a longer name.
    public static String replace(String sql, String what, String by) {
        StringBuilder out = new StringBuilder(sql.length());
        int i = 0;
        while (i < sql.length()) {
            char c = sql.charAt(i);
            if (sql.startsWith(what, i) && (i == 0 || !isNamePart(sql.charAt(i - 1)))) {
                out.append(by);
                i += what.length();
            } else if (c == '\'' || c == '"') {
                int end = closingQuote(sql, i);
                out.append(sql, i, end + 1);
                i = end + 1;
            } else {
                out.append(c);
                i++;
            }
        }
        return out.toString();
    }

    private static boolean isNamePart(char c) {
        return Character.isLetterOrDigit(c) || c == '_' || c == '.' || c == '$' || c == '"';
    }

    /// The place after what begins at `i`: a quoted text and a parenthesis are one thing.
    private static int next(String sql, int i) {
        return switch (sql.charAt(i)) {
            case '\'', '"' -> closingQuote(sql, i) + 1;
            case '(', '[' -> closing(sql, i) + 1;
            default -> i + 1;
        };
    }

    private static int closing(String sql, int open) {
        int depth = 0;
        for (int i = open; i < sql.length(); i++) {
            switch (sql.charAt(i)) {
                case '\'', '"' -> i = closingQuote(sql, i);
                case '(', '[' -> depth++;
                case ')', ']' -> depth--;
                default -> {}
            }
            if (depth == 0) {
                return i;
            }
        }
        return sql.length() - 1;
    }

    /// A doubled quote stands for itself; in `E'…'` a backslash takes the next character along.
    private static int closingQuote(String sql, int open) {
        char quote = sql.charAt(open);
        boolean escapes = quote == '\'' && open > 0 && sql.charAt(open - 1) == 'E';
        for (int i = open + 1; i < sql.length(); i++) {
            char c = sql.charAt(i);
            if (escapes && c == '\\') {
                i++;
            } else if (c == quote) {
                if (i + 1 < sql.length() && sql.charAt(i + 1) == quote) {
                    i++;
                } else {
                    return i;
                }
            }
        }
        return sql.length() - 1;
    }

    /// As Postgres' `quote_literal` would, standard strings assumed.
    public static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /// Between dollar quotes whose tag the text does not contain.
    public static String dollarQuoted(String text) {
        int tag = 0;
        while (text.contains("$walcast_" + tag)) {
            tag++;
        }
        return "$walcast_" + tag + "$" + text + "$walcast_" + tag + "$";
    }

    /// As Postgres' `quote_ident`, always quoted.
    public static String identifier(String name) {
        return Identifier.quoted(name);
    }
}
