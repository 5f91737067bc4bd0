package dev.walcast.cdc;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Rewrites a `json` value's text as `jsonb` prints it: keys sorted, the last of equal keys kept, numbers as
/// `numeric` prints them, `", "` and `": "` between. The input is known to be valid JSON: Postgres checked it.
final class JsonbNormalizer {
    private static final int DEPTH_MAX = 6_400;

    /// The shorter key first, then by bytes.
    private static final Comparator<String> KEY_ORDER = Comparator.<String, byte[]>comparing(
            key -> key.getBytes(StandardCharsets.UTF_8),
            Comparator.<byte[]>comparingInt(bytes -> bytes.length).thenComparing(Arrays::compareUnsigned));

    private final String text;
    private int at;

    JsonbNormalizer(String text) {
        this.text = text;
    }

    /// The places of the keys in the order in which `jsonb` keeps them.
    static List<Integer> keyOrder(List<String> keys) {
        return IntStream.range(0, keys.size())
                .boxed()
                .sorted(Comparator.comparing(keys::get, KEY_ORDER))
                .toList();
    }

    void write(StringBuilder out) throws NotExactException {
        value(out, 0);
    }

    private void value(StringBuilder out, int depth) throws NotExactException {
        if (depth > DEPTH_MAX) {
            throw new NotExactException();
        }
        switch (next()) {
            case '{' -> object(out, depth);
            case '[' -> list(out, depth);
            case '"' -> JsonText.string(out, string());
            case 't' -> literal(out, "true");
            case 'f' -> literal(out, "false");
            case 'n' -> literal(out, "null");
            default -> out.append(JsonText.numeric(number()));
        }
    }

    private void object(StringBuilder out, int depth) throws NotExactException {
        Map<String, StringBuilder> members = new TreeMap<>(KEY_ORDER);
        at++;
        while (next() != '}') {
            if (next() == ',') {
                at++;
                next();
            }
            String key = string();
            next();
            at++;
            StringBuilder value = new StringBuilder();
            value(value, depth + 1);
            members.put(key, value);
        }
        at++;
        out.append('{');
        String separator = "";
        for (Map.Entry<String, StringBuilder> member : members.entrySet()) {
            out.append(separator);
            JsonText.string(out, member.getKey());
            out.append(": ").append(member.getValue());
            separator = ", ";
        }
        out.append('}');
    }

    private void list(StringBuilder out, int depth) throws NotExactException {
        at++;
        out.append('[');
        while (next() != ']') {
            if (next() == ',') {
                at++;
                out.append(", ");
            }
            value(out, depth + 1);
        }
        at++;
        out.append(']');
    }

    private void literal(StringBuilder out, String word) {
        at += word.length();
        out.append(word);
    }

    private String number() throws NotExactException {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at == start) {
            throw new NotExactException();
        }
        return text.substring(start, at);
    }

    private String string() throws NotExactException {
        StringBuilder value = new StringBuilder();
        at++;
        while (current() != '"') {
            char c = current();
            at++;
            value.append(c == '\\' ? escaped() : c);
        }
        at++;
        return value.toString();
    }

    private char escaped() throws NotExactException {
        char c = current();
        at++;
        return switch (c) {
            case 'b' -> '\b';
            case 'f' -> '\f';
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case 'u' -> unicode();
            default -> c;
        };
    }

    /// `jsonb` cannot hold the zero character, so `to_jsonb` of such a `json` is an error.
    private char unicode() throws NotExactException {
        int code = Integer.parseInt(text, at, at + 4, 16);
        at += 4;
        if (code == 0) {
            throw new NotExactException();
        }
        return (char) code;
    }

    private char current() throws NotExactException {
        if (at >= text.length()) {
            throw new NotExactException();
        }
        return text.charAt(at);
    }

    /// The next character that is no white space, which stays.
    private char next() throws NotExactException {
        while (Character.isWhitespace(current())) {
            at++;
        }
        return current();
    }
}
