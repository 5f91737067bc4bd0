package dev.walcast.cdc.debezium;

import dev.walcast.cdc.Missing;
import io.debezium.connector.postgresql.UnchangedToastedReplicationMessageColumn;
import io.debezium.data.SpecialValueDecimal;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.time.ZoneOffset;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.postgresql.geometric.PGbox;
import org.postgresql.geometric.PGcircle;
import org.postgresql.geometric.PGline;
import org.postgresql.geometric.PGlseg;
import org.postgresql.geometric.PGpath;
import org.postgresql.geometric.PGpoint;
import org.postgresql.geometric.PGpolygon;
import org.postgresql.jdbc.PgArray;
import org.postgresql.util.PGInterval;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Gives back the output text of a value that Debezium has already turned into a Java object.
///
/// What cannot be given back exactly, the declared exceptions, becomes a [Mark]: every `timetz` (Debezium drops its
/// offset), every `money` (its format), an infinite date (its sign), an interval that is empty or infinite (which of
/// them). Inside arrays, ranges and composites all of these are exact.
final class PgText {
    private static final Logger log = LoggerFactory.getLogger(PgText.class);
    private static final HexFormat HEX = HexFormat.of();

    private PgText() {}

    /// @return a text, null for SQL NULL, or a [Mark]'s instance
    static @Nullable String of(@Nullable Object value) {
        if (value == null) {
            return null;
        }
        if (UnchangedToastedReplicationMessageColumn.isUnchangedToastedValue(value)) {
            return Mark.of(Missing.UNCHANGED_TOAST);
        }
        return switch (value) {
            case String text -> text;
            case Integer number -> number.toString();
            case Long number -> number.toString();
            case Short number -> number.toString();
            case Boolean bool -> bool ? "t" : "f";
            case Double number -> FloatText.of(number);
            case Float number -> FloatText.of(number);
            case SpecialValueDecimal number -> number(number);
            case byte[] bytes -> "\\x" + HEX.formatHex(bytes);
            case ByteBuffer bytes -> "\\x" + HEX.formatHex(bytes.array(), bytes.arrayOffset(), bytes.limit());
            case LocalDate date -> DateText.of(date);
            case Instant instant -> DateText.of(LocalDateTime.ofInstant(instant, ZoneOffset.UTC));
            case OffsetDateTime dateTime -> DateText.of(dateTime);
            case OffsetTime _ -> Mark.of(Missing.TIMETZ_OFFSET);
            case BigDecimal _ -> Mark.of(Missing.MONEY_FORMAT);
            case PGInterval interval -> IntervalText.of(interval);
            case PgArray array -> array.toString();
            default -> geometric(value);
        };
    }

    private static String number(SpecialValueDecimal number) {
        if (number.getDecimalValue().isPresent()) {
            return number.getDecimalValue().get().toPlainString();
        }
        double special = number.toDouble();
        return Double.isNaN(special) ? "NaN" : special > 0 ? "Infinity" : "-Infinity";
    }

    private static String geometric(Object value) {
        return switch (value) {
            case PGpoint point -> point(point);
            case PGbox box when box.point != null -> point(box.point[0]) + "," + point(box.point[1]);
            case PGlseg segment
            when segment.point != null -> "[" + point(segment.point[0]) + "," + point(segment.point[1]) + "]";
            case PGline line ->
                "{" + FloatText.of(line.a) + "," + FloatText.of(line.b) + "," + FloatText.of(line.c) + "}";
            case PGcircle circle
            when circle.center != null -> "<" + point(circle.center) + "," + FloatText.of(circle.radius) + ">";
            case PGpath path
            when path.points != null -> path.open ? "[" + points(path.points) + "]" : "(" + points(path.points) + ")";
            case PGpolygon polygon when polygon.points != null -> "(" + points(polygon.points) + ")";
            default -> unknown(value);
        };
    }

    private static String unknown(Object value) {
        log.warn("A value of {} has no exact text here; it is left out of its record", value.getClass());
        return Mark.of(Missing.NOT_EXACT);
    }

    private static String point(PGpoint point) {
        return "(" + FloatText.of(point.x) + "," + FloatText.of(point.y) + ")";
    }

    private static String points(PGpoint[] points) {
        StringBuilder out = new StringBuilder();
        for (PGpoint point : points) {
            out.append(out.isEmpty() ? "" : ",").append(point(point));
        }
        return out.toString();
    }
}
