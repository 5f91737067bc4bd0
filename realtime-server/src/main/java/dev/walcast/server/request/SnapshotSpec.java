package dev.walcast.server.request;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.rls.rows.RowQuery.Ordering;
import dev.walcast.server.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// That a binding begins with its rows, as its key `snapshot` says: `true`, or an object with `order` and `limit`.
public record SnapshotSpec(List<Ordering> order, OptionalLong limit) {
    static final String KEY = "snapshot";

    private static final int ORDER_LENGTH_MAX = 1_000;
    private static final String MALFORMED = "Error parsing `snapshot` params: ";

    /// A column whose name holds one of the words, a comma or a dot at its end is written in quotes.
    private static final Pattern PART =
            Pattern.compile("(?:\"([^\"]+)\"|([^\",]+?))(?:\\.(asc|desc))?(?:\\.(nullsfirst|nullslast))?");

    public SnapshotSpec {
        order = List.copyOf(order);
    }

    /// Empty when the binding does not ask for its rows.
    ///
    /// @param snapshot the value of the key, or a missing node
    static Optional<SnapshotSpec> read(JsonNode snapshot) throws BindingRefusedException {
        if (snapshot.isMissingNode() || snapshot.isNull() || (snapshot.isBoolean() && !snapshot.booleanValue())) {
            return Optional.empty();
        }
        if (snapshot.isBoolean()) {
            return Optional.of(new SnapshotSpec(List.of(), OptionalLong.empty()));
        }
        if (!(snapshot instanceof ObjectNode options)) {
            throw new BindingRefusedException(
                    MALFORMED + "expected true or an object, e.g. snapshot: {\"order\": \"id.desc\", \"limit\": 100}");
        }
        for (String key : (Iterable<String>) options::fieldNames) {
            if (!key.equals("order") && !key.equals("limit")) {
                throw new BindingRefusedException(MALFORMED + "unknown key; there are `order` and `limit`");
            }
        }
        return Optional.of(new SnapshotSpec(order(options.path("order")), limit(options.path("limit"))));
    }

    private static OptionalLong limit(JsonNode limit) throws BindingRefusedException {
        if (limit.isMissingNode() || limit.isNull()) {
            return OptionalLong.empty();
        }
        if (!limit.isIntegralNumber() || !limit.canConvertToLong() || limit.longValue() < 0) {
            throw new BindingRefusedException(MALFORMED + "`limit` is a whole number of rows");
        }
        return OptionalLong.of(limit.longValue());
    }

    private static List<Ordering> order(JsonNode order) throws BindingRefusedException {
        if (order.isMissingNode() || order.isNull()) {
            return List.of();
        }
        if (!order.isTextual() || order.textValue().length() > ORDER_LENGTH_MAX) {
            throw badOrder();
        }
        List<Ordering> parts = new ArrayList<>();
        Matcher part = PART.matcher(order.textValue());
        int at = 0;
        while (true) {
            int end = partEnd(order.textValue(), at);
            if (!part.region(at, end).matches()) {
                throw badOrder();
            }
            String column = part.group(1) == null ? part.group(2) : part.group(1);
            if (!Identifier.fits(column)) {
                throw new BindingRefusedException(
                        MALFORMED + ErrorCode.NAME_TOO_LONG.refusal().reason());
            }
            parts.add(new Ordering(
                    column,
                    "desc".equals(part.group(3)),
                    Optional.ofNullable(part.group(4)).map("nullsfirst"::equals)));
            if (end == order.textValue().length()) {
                return parts;
            }
            at = end + 1;
        }
    }

    /// Where the next comma outside quotes is.
    private static int partEnd(String order, int from) {
        boolean quoted = false;
        for (int i = from; i < order.length(); i++) {
            char c = order.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (c == ',' && !quoted) {
                return i;
            }
        }
        return order.length();
    }

    private static BindingRefusedException badOrder() {
        return new BindingRefusedException(
                MALFORMED + "`order` names columns as in \"created_at.desc.nullslast,id\", separated by commas");
    }
}
