package dev.walcast.cdc.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads an `hstore`'s output text (`"a"=>"1", "b"=>NULL`) and writes it as a JSON object.
final class HstoreText {
    private final String text;
    private int at;

    private HstoreText(String text) {
        this.text = text;
    }

    static void write(StringBuilder out, String text) throws NotExactException {
        new HstoreText(text).write(out);
    }

    private void write(StringBuilder out) throws NotExactException {
        List<String> keys = new ArrayList<>();
        List<@Nullable String> values = new ArrayList<>();
        while (at < text.length()) {
            keys.add(quoted());
            expect("=>");
            values.add(value());
            if (at < text.length()) {
                expect(", ");
            }
        }
        out.append('{');
        String separator = "";
        for (int index : JsonbNormalizer.keyOrder(keys)) {
            out.append(separator);
            JsonText.string(out, keys.get(index));
            out.append(": ");
            String value = values.get(index);
            if (value == null) {
                out.append("null");
            } else {
                JsonText.string(out, value);
            }
            separator = ", ";
        }
        out.append('}');
    }

    private @Nullable String value() throws NotExactException {
        if (text.startsWith("NULL", at)) {
            at += "NULL".length();
            return null;
        }
        return quoted();
    }

    private String quoted() throws NotExactException {
        expect("\"");
        StringBuilder value = new StringBuilder();
        while (at < text.length() && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') {
                at++;
            }
            if (at < text.length()) {
                value.append(text.charAt(at++));
            }
        }
        expect("\"");
        return value.toString();
    }

    private void expect(String token) throws NotExactException {
        if (!text.startsWith(token, at)) {
            throw new NotExactException();
        }
        at += token.length();
    }
}
