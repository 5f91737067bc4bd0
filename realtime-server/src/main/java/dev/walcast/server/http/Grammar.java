package dev.walcast.server.http;

/// Character classes of RFC 9110 and RFC 3986.
public final class Grammar {
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
    private static final String HOST_MARKS = "-._~!$&'()*+,;=";

    private Grammar() {}

    static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(Grammar::isTokenCharacter);
    }

    private static boolean isTokenCharacter(int c) {
        return isLetterOrDigit(c) || TOKEN_MARKS.indexOf(c) >= 0;
    }

    /// Whether the text is one or more ASCII digits.
    public static boolean isDigits(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    /// Whether the text is a host with or without a port, as in `Host`.
    static boolean isAuthority(String text) {
        int bracket = text.lastIndexOf(']');
        int colon = text.indexOf(':', Math.max(bracket, 0));
        String host = colon < 0 ? text : text.substring(0, colon);
        String port = colon < 0 ? "" : text.substring(colon + 1);
        boolean portIsFine =
                port.isEmpty() || (isDigits(port) && port.length() <= 5 && Integer.parseInt(port) <= 65_535);
        return portIsFine && (host.startsWith("[") ? isLiteral(host) : isName(host));
    }

    private static boolean isLiteral(String host) {
        return host.endsWith("]")
                && host.length() > 3
                && host.substring(1, host.length() - 1).chars().allMatch(c -> isHexDigit(c) || c == ':' || c == '.');
    }

    private static boolean isName(String host) {
        return !host.isEmpty() && host.chars().allMatch(c -> isLetterOrDigit(c) || HOST_MARKS.indexOf(c) >= 0);
    }

    static boolean isHexDigit(int c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }

    private static boolean isLetterOrDigit(int c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }

    /// Removes spaces and tabs at both ends, and no other white space.
    public static String trim(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isBlank(text.charAt(start))) {
            start++;
        }
        while (start < end && isBlank(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }
}
