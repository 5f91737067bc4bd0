package dev.walcast.server.protocol;

import java.util.Arrays;

/// Moves over a JSON text from byte to byte, without making values, so that a message that is only forwarded costs a
/// few milliseconds whatever it holds. Accepts what RFC 8259 allows and nothing else. The text is valid UTF-8: the
/// caller has checked. Other virtual threads have a turn while it moves over a large text.
final class JsonCursor {
    /// About a tenth of a millisecond of work.
    private static final int BYTES_IN_A_ROW = 64 * 1024;

    private static final int HEX_DIGITS = 4;

    private final byte[] json;
    private final int end;
    private final int depthMax;

    /// For each open array or object inside the value that is being skipped, whether it is an object.
    private boolean[] objects = new boolean[16];

    private int at;
    private int turnAt;

    /// @param depthMax how deep arrays and objects may be nested in one value
    JsonCursor(Slice text, int depthMax) {
        this.json = text.bytes();
        this.at = text.offset();
        this.end = text.offset() + text.length();
        this.depthMax = depthMax;
        this.turnAt = at + BYTES_IN_A_ROW;
    }

    /// The position of the next byte, in the array of the text.
    int position() {
        return at;
    }

    /// The next byte that is no white space; it stays the next one. 0 at the end.
    byte peek() {
        for (int i = at; i < end; i++) {
            byte next = json[i];
            if (next > ' ' || next != ' ' && next != '\n' && next != '\r' && next != '\t') {
                at = i;
                return next;
            }
        }
        at = end;
        return 0;
    }

    /// Moves behind the next byte that is no white space, if it is this one.
    ///
    /// @return whether it was
    boolean skipIf(char expected) {
        if (peek() != expected) {
            return false;
        }
        at++;
        return true;
    }

    void expect(char expected) throws Json.MalformedJson {
        if (!skipIf(expected)) {
            throw notJson();
        }
    }

    /// Whether only white space follows.
    boolean isAtEnd() {
        peek();
        return at == end;
    }

    /// Moves behind the next value, white space before it included.
    void skipValue() throws Json.MalformedJson {
        int depth = 0;
        do {
            depth = opens(depth) ? depth + 1 : closed(depth);
        } while (depth > 0);
    }

    /// Moves to the first value of an array or object, or behind any other value.
    ///
    /// @return whether an array or object is open now that was not
    private boolean opens(int depth) throws Json.MalformedJson {
        letOthersIn();
        byte first = peek();
        switch (first) {
            case '{', '[' -> {
                return opens(first == '{', depth);
            }
            case '"' -> skipString();
            case 't' -> skipWord("true");
            case 'f' -> skipWord("false");
            case 'n' -> skipWord("null");
            default -> skipNumber();
        }
        return false;
    }

    private boolean opens(boolean isObject, int depth) throws Json.MalformedJson {
        if (depth >= depthMax) {
            throw new Json.MalformedJson("nested too deeply");
        }
        at++;
        if (skipIf(isObject ? '}' : ']')) {
            return false;
        }
        if (depth == objects.length) {
            objects = Arrays.copyOf(objects, 2 * depth);
        }
        objects[depth] = isObject;
        if (isObject) {
            skipKey();
        }
        return true;
    }

    /// Moves to the next value of an array or object that goes on, or behind the last that ends here.
    ///
    /// @return how many are open then
    private int closed(int depth) throws Json.MalformedJson {
        int open = depth;
        while (open > 0 && !skipIf(',')) {
            expect(objects[open - 1] ? '}' : ']');
            open--;
        }
        if (open > 0 && objects[open - 1]) {
            skipKey();
        }
        return open;
    }

    /// Moves behind a key and its colon.
    private void skipKey() throws Json.MalformedJson {
        peek();
        skipString();
        expect(':');
    }

    /// Moves behind a string, which begins with the next byte.
    void skipString() throws Json.MalformedJson {
        if (at == end || json[at] != '"') {
            throw notJson();
        }
        for (at++; at < end; at++) {
            skipPlain();
            byte next = at < end ? json[at] : 0;
            if (next == '"') {
                at++;
                return;
            }
            if (next != '\\') {
                throw notJson();
            }
            skipEscape();
        }
        throw notJson();
    }

    /// Moves to the next byte that ends a string, begins an escape or may not be in a string.
    private void skipPlain() {
        int i = at;
        while (i < end) {
            int stop = Math.min(end, i + BYTES_IN_A_ROW);
            while (i < stop && isPlain(json[i])) {
                i++;
            }
            at = i;
            if (i < stop) {
                return;
            }
            letOthersIn();
        }
    }

    private static boolean isPlain(byte next) {
        return next != '"' && next != '\\' && (next >= ' ' || next < 0);
    }

    /// Moves to the last byte of an escape, which begins with the next byte.
    private void skipEscape() throws Json.MalformedJson {
        letOthersIn();
        at++;
        switch (at < end ? json[at] : 0) {
            case '"', '\\', '/', 'b', 'f', 'n', 'r', 't' -> {}
            case 'u' -> {
                for (int i = 0; i < HEX_DIGITS; i++) {
                    at++;
                    if (at >= end || Character.digit(json[at], 16) < 0) {
                        throw notJson();
                    }
                }
            }
            default -> throw notJson();
        }
    }

    private void skipWord(String word) throws Json.MalformedJson {
        for (int i = 0; i < word.length(); i++, at++) {
            if (at == end || json[at] != word.charAt(i)) {
                throw notJson();
            }
        }
    }

    private void skipNumber() throws Json.MalformedJson {
        skipHere('-');
        if (!skipHere('0')) {
            skipDigits();
        }
        if (skipHere('.')) {
            skipDigits();
        }
        if (skipHere('e') || skipHere('E')) {
            if (!skipHere('+')) {
                skipHere('-');
            }
            skipDigits();
        }
    }

    private boolean skipHere(char expected) {
        if (at < end && json[at] == expected) {
            at++;
            return true;
        }
        return false;
    }

    private void skipDigits() throws Json.MalformedJson {
        int i = at;
        while (i < end && json[i] >= '0' && json[i] <= '9') {
            i++;
        }
        if (i == at) {
            throw notJson();
        }
        at = i;
    }

    @SuppressWarnings("ThreadPriorityCheck") // fairness among virtual threads rests on it, correctness does not
    private void letOthersIn() {
        if (at >= turnAt) {
            turnAt = at + BYTES_IN_A_ROW;
            Thread.yield();
        }
    }

    static Json.MalformedJson notJson() {
        return new Json.MalformedJson("not JSON");
    }
}
