package dev.walcast.cdc.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads an array's output text (`{1,NULL,"a b"}`, `[0:1]={5,6}`) and writes it as a JSON array.
public final class ArrayText {
    private final String text;
    private final char delimiter;
    private int at;

    ArrayText(String text, char delimiter) {
        this.text = text;
        this.delimiter = delimiter;
        this.at = text.startsWith("[") ? text.indexOf('=') + 1 : 0;
    }

    /// Returns the elements' texts, null for NULL. Returns null when the array has not exactly one dimension
    /// that begins at one. The delimiter is a comma.
    public static @Nullable List<@Nullable String> oneDimension(String text) {
        if (text.startsWith("[") || text.startsWith("{{")) {
            return null;
        }
        List<@Nullable String> elements = new ArrayList<>();
        ArrayText array = new ArrayText(text, ',');
        try {
            array.expect('{');
            for (boolean first = true; array.peek() != '}'; first = false) {
                if (!first) {
                    array.expect(',');
                }
                elements.add(array.element());
            }
            return elements;
        } catch (NotExactException e) {
            return null;
        }
    }

    @FunctionalInterface
    interface ElementWriter {
        void write(String element, StringBuilder out) throws NotExactException;
    }

    void write(StringBuilder out, ElementWriter element) throws NotExactException {
        writeArray(out, element, 0);
        if (at != text.length()) {
            throw new NotExactException();
        }
    }

    private void writeArray(StringBuilder out, ElementWriter element, int dimension) throws NotExactException {
        if (dimension > 6) {
            throw new NotExactException();
        }
        expect('{');
        out.append('[');
        for (boolean first = true; peek() != '}'; first = false) {
            if (!first) {
                expect(delimiter);
                out.append(", ");
            }
            if (peek() == '{') {
                writeArray(out, element, dimension + 1);
            } else {
                writeElement(out, element);
            }
        }
        expect('}');
        out.append(']');
    }

    private void writeElement(StringBuilder out, ElementWriter writer) throws NotExactException {
        String element = element();
        if (element == null) {
            out.append("null");
        } else {
            writer.write(element, out);
        }
    }

    private @Nullable String element() throws NotExactException {
        if (peek() == '"') {
            return quoted();
        }
        int start = at;
        while (peek() != delimiter && peek() != '}') {
            at++;
        }
        String bare = text.substring(start, at);
        return bare.equals("NULL") ? null : bare;
    }

    private String quoted() throws NotExactException {
        StringBuilder value = new StringBuilder();
        for (at++; peek() != '"'; at++) {
            if (peek() == '\\') {
                at++;
            }
            value.append(peek());
        }
        at++;
        return value.toString();
    }

    private char peek() throws NotExactException {
        if (at >= text.length()) {
            throw new NotExactException();
        }
        return text.charAt(at);
    }

    private void expect(char c) throws NotExactException {
        if (peek() != c) {
            throw new NotExactException();
        }
        at++;
    }
}
