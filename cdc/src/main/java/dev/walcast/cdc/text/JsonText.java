package dev.walcast.cdc.text;

import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import java.math.BigDecimal;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Writes values as JSON exactly as Postgres' `to_jsonb(column)::text` does, from their output texts and types.
///
/// Numbers are never converted to a floating-point type. A value that cannot be written exactly is reported as
/// missing. There is one difference to Postgres, which the Realtime protocol prescribes: a `bytea` column is
/// hexadecimal without `\x`.
public final class JsonText {
    private static final Logger log = LoggerFactory.getLogger(JsonText.class);

    /// The deepest nesting of arrays and composites. Deeper values are reported as not exact.
    private static final int DEPTH_MAX = 64;

    /// Postgres' limits for the digits of a `numeric`.
    private static final int DIGITS_BEFORE_POINT_MAX = 131_072;

    private static final int DIGITS_AFTER_POINT_MAX = 16_383;

    /// The most characters of sign, point and exponent. A longer exponent is out of range.
    private static final int EXPONENT_LENGTH_MAX = 32;

    private JsonText() {}

    /// Appends the column's value.
    ///
    /// @return null when the value was written; otherwise the reason, and the caller must remove what was
    ///         appended
    public static @Nullable MissingReason value(StringBuilder out, Row row, int column) {
        MissingReason missing = row.missing(column);
        if (missing != null) {
            return missing;
        }
        String text = row.text(column);
        if (text == null) {
            out.append("null");
            return null;
        }
        PgType type = row.table().columns().get(column).type();
        if (type.undomained() instanceof PgType.Scalar scalar && scalar.form() == JsonForm.BYTEA) {
            string(out, text.startsWith("\\x") ? text.substring(2) : text);
            return null;
        }
        try {
            value(out, type, text, 0);
            return null;
        } catch (NotExactException e) {
            return MissingReason.NOT_EXACT;
        } catch (RuntimeException | StackOverflowError | LinkageError e) {
            log.warn("Cannot render a value of the type {}; the record is sent without it", type.name(), e);
            return MissingReason.NOT_EXACT;
        }
    }

    /// Appends a JSON string with the escapes that `jsonb` prints.
    public static void string(StringBuilder out, String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> {
                    if (c < ' ') {
                        out.append("\\u00").append(c < 16 ? "0" : "").append(Integer.toHexString(c));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
        out.append('"');
    }

    private static void value(StringBuilder out, PgType type, String text, int depth) throws NotExactException {
        if (depth > DEPTH_MAX) {
            throw new NotExactException();
        }
        switch (type) {
            case PgType.Domain domain -> value(out, domain.base(), text, depth);
            case PgType.Array array -> array(out, array, text, depth);
            case PgType.Composite composite -> composite(out, composite, text, depth);
            case PgType.Scalar scalar -> scalar(out, scalar.form(), text);
        }
    }

    private static void scalar(StringBuilder out, JsonForm form, String text) throws NotExactException {
        switch (form) {
            case BOOLEAN -> out.append(text.startsWith("t") ? "true" : "false");
            case NUMBER -> number(out, text);
            case TEXT, DATE, BYTEA -> string(out, text);
            case TIMESTAMP -> string(out, withT(text));
            case TIMESTAMPTZ -> string(out, withMinutesOfOffset(withT(text)));
            case JSONB -> out.append(text);
            case JSON -> new JsonbNormalizer(text).write(out);
            case HSTORE -> HstoreText.write(out, text);
            case NUMBER_LIST -> list(out, text, "");
            case TEXT_LIST -> list(out, text, "\"");
            case CAST -> throw new NotExactException();
        }
    }

    /// Appends a number: `NaN` and the infinities as strings, all others as `numeric` prints them.
    private static void number(StringBuilder out, String text) throws NotExactException {
        char last = text.charAt(text.length() - 1);
        if (last < '0' || last > '9') {
            string(out, text);
        } else {
            out.append(numeric(text));
        }
    }

    /// Returns a number as `numeric` prints it: no exponent, no negative zero, with trailing zeros.
    static String numeric(String text) throws NotExactException {
        // The limit is checked before parsing, whose time grows with the square of the length.
        if (text.length() > DIGITS_BEFORE_POINT_MAX + DIGITS_AFTER_POINT_MAX + EXPONENT_LENGTH_MAX) {
            throw new NotExactException();
        }
        BigDecimal value;
        try {
            value = new BigDecimal(text);
        } catch (NumberFormatException e) {
            throw new NotExactException();
        }
        long before = (long) value.precision() - value.scale();
        if (before > DIGITS_BEFORE_POINT_MAX || value.scale() > DIGITS_AFTER_POINT_MAX) {
            throw new NotExactException();
        }
        return value.scale() < 0 ? value.setScale(0).toPlainString() : value.toPlainString();
    }

    private static String withT(String timestamp) {
        int blank = timestamp.indexOf(' ');
        return blank < 0 || !Character.isDigit(timestamp.charAt(0))
                ? timestamp
                : timestamp.substring(0, blank) + "T" + timestamp.substring(blank + 1);
    }

    /// Postgres prints `+00`; `to_jsonb` prints `+00:00`.
    private static String withMinutesOfOffset(String timestamp) {
        String era = timestamp.endsWith(" BC") ? " BC" : "";
        String time = timestamp.substring(0, timestamp.length() - era.length());
        int sign = Math.max(time.lastIndexOf('+'), time.lastIndexOf('-'));
        boolean hoursOnly = sign == time.length() - 3 && time.indexOf('T') >= 0 && time.indexOf('T') < sign;
        return hoursOnly ? time + ":00" + era : timestamp;
    }

    private static void list(StringBuilder out, String text, String quote) {
        out.append('[');
        String separator = "";
        for (String number : text.isEmpty() ? new String[0] : text.split(" ", -1)) {
            out.append(separator).append(quote).append(number).append(quote);
            separator = ", ";
        }
        out.append(']');
    }

    private static void array(StringBuilder out, PgType.Array array, String text, int depth) throws NotExactException {
        new ArrayText(text, array.delimiter())
                .write(out, (element, into) -> value(into, array.element(), element, depth + 1));
    }

    private static void composite(StringBuilder out, PgType.Composite composite, String text, int depth)
            throws NotExactException {
        List<@Nullable String> values = CompositeText.fields(text);
        if (values.size() != composite.fields().size()) {
            throw new NotExactException();
        }
        // jsonb sorts its keys: shorter keys first, then by bytes.
        out.append('{');
        String separator = "";
        for (int index : JsonbNormalizer.keyOrder(
                composite.fields().stream().map(PgType.Field::name).toList())) {
            PgType.Field field = composite.fields().get(index);
            out.append(separator);
            string(out, field.name());
            out.append(": ");
            String value = values.get(index);
            if (value == null) {
                out.append("null");
            } else {
                value(out, field.type(), value, depth + 1);
            }
            separator = ", ";
        }
        out.append('}');
    }
}
