package dev.walcast.rls.sql;

import dev.walcast.cdc.postgres.Identifier;
import java.util.ArrayList;
import java.util.List;

/// Splits, replaces and quotes SQL text. Quotes and parentheses are honoured as in text that Postgres prints.
public final class SqlText {
    private SqlText() {}

    /// Removes all pairs of parentheses that enclose the whole text.
    public static String withoutParentheses(String sql) {
        String text = sql.strip();
        while (text.startsWith("(") && closing(text, 0) == text.length() - 1) {
            text = text.substring(1, text.length() - 1).strip();
        }
        return text;
    }

    /// Splits at the word, wherever it stands outside all parentheses and quotes.
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

    /// Replaces a text wherever it stands outside quotes and does not continue a name.
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

    /// Returns the index after the token at `i`. A quoted text is one token, and so is a pair of parentheses.
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

    /// Returns the index of the closing quote. A doubled quote does not close; in `E'…'` a backslash protects the
    /// next character.
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

    /// Quotes a text as a literal. `standard_conforming_strings` must be on.
    public static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /// Quotes a text with dollar quotes, with a tag that the text does not contain.
    public static String dollarQuoted(String text) {
        int tag = 0;
        while (text.contains("$walcast_" + tag)) {
            tag++;
        }
        return "$walcast_" + tag + "$" + text + "$walcast_" + tag + "$";
    }

    /// Quotes an identifier, also where Postgres' `quote_ident` would not.
    public static String identifier(String name) {
        return Identifier.quoted(name);
    }
}
