package dev.walcast.server.log;

import java.util.Locale;

/// Keeps an event of the log on one line. Clients and the database control parts of the text: a line break could
/// forge a line, and an escape sequence could control the terminal that shows it.
final class LogText {
    private LogText() {}

    /// Writes control characters, line and paragraph separators, invisible characters that change the direction of
    /// writing, and halves of surrogate pairs as `\n` or `\u001b`. A backslash stays as it is.
    static String oneLine(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (mustEscape(text, i)) {
                return escaped(text, i);
            }
        }
        return text;
    }

    private static String escaped(String text, int from) {
        StringBuilder line = new StringBuilder(text.length() + 16).append(text, 0, from);
        for (int i = from; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!mustEscape(text, i)) {
                line.append(c);
                continue;
            }
            switch (c) {
                case '\n' -> line.append("\\n");
                case '\r' -> line.append("\\r");
                case '\t' -> line.append("\\t");
                default -> line.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
            }
        }
        return line.toString();
    }

    private static boolean mustEscape(String text, int at) {
        char c = text.charAt(at);
        if (c >= ' ' && c < '\u007f') {
            return false;
        }
        return switch (Character.getType(c)) {
            case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR -> true;
            case Character.SURROGATE -> !isInPair(text, at);
            default -> false;
        };
    }

    private static boolean isInPair(String text, int at) {
        char c = text.charAt(at);
        return Character.isHighSurrogate(c)
                ? at + 1 < text.length() && Character.isLowSurrogate(text.charAt(at + 1))
                : at > 0 && Character.isHighSurrogate(text.charAt(at - 1));
    }
}
