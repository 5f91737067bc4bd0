package dev.walcast.cdc.text;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a row value's output text: `("Main St",5,)`.
final class CompositeText {
    private CompositeText() {}

    /// Returns the fields in order, null for SQL NULL.
    static List<@Nullable String> fields(String text) throws NotExactException {
        if (text.length() < 2 || text.charAt(0) != '(' || text.charAt(text.length() - 1) != ')') {
            throw new NotExactException();
        }
        List<@Nullable String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean present = false;
        boolean quoted = false;
        int end = text.length() - 1;
        for (int i = 1; i < end; i++) {
            char c = text.charAt(i);
            if (c == '"') {
                boolean doubled = quoted && i + 1 < end && text.charAt(i + 1) == '"';
                if (doubled) {
                    field.append(c);
                    i++;
                } else {
                    quoted = !quoted;
                }
                present = true;
            } else if (c == '\\' && i + 1 < end) {
                field.append(text.charAt(++i));
                present = true;
            } else if (c == ',' && !quoted) {
                fields.add(present ? field.toString() : null);
                field.setLength(0);
                present = false;
            } else {
                field.append(c);
                present = true;
            }
        }
        fields.add(present ? field.toString() : null);
        return fields;
    }
}
