package dev.walcast.server.http;

import static java.util.Objects.requireNonNull;

import java.util.Locale;

/// One header field, without white space around its value. Each character is one byte.
record Field(String name, String value) {
    Field {
        requireNonNull(name, "name is null");
        requireNonNull(value, "value is null");
    }

    /// @param line without its line end
    static Field parse(String line) throws RefusedRequestException {
        char first = line.charAt(0);
        if (first == ' ' || first == '\t') {
            throw RefusedRequestException.malformed("a header is folded over two lines");
        }
        int colon = line.indexOf(':');
        if (colon < 1 || !Grammar.isToken(line.substring(0, colon))) {
            throw RefusedRequestException.malformed("a header has no valid name");
        }
        return new Field(line.substring(0, colon), Grammar.trim(line.substring(colon + 1)));
    }

    /// @param lowerCase the lower-case name to compare with
    boolean isNamed(String lowerCase) {
        return name.length() == lowerCase.length()
                && name.toLowerCase(Locale.ROOT).equals(lowerCase);
    }
}
