package dev.walcast.cdc;

/// Reads an array's output text (`{1,NULL,"a b"}`, `[0:1]={5,6}`) and writes it as a JSON array.
final class ArrayText {
    private final String text;
    private final char delimiter;
    private int at;

    ArrayText(String text, char delimiter) {
        this.text = text;
        this.delimiter = delimiter;
        this.at = text.startsWith("[") ? text.indexOf('=') + 1 : 0;
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

    private void writeElement(StringBuilder out, ElementWriter element) throws NotExactException {
        if (peek() == '"') {
            element.write(quoted(), out);
            return;
        }
        int start = at;
        while (peek() != delimiter && peek() != '}') {
            at++;
        }
        String bare = text.substring(start, at);
        if (bare.equals("NULL")) {
            out.append("null");
        } else {
            element.write(bare, out);
        }
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
