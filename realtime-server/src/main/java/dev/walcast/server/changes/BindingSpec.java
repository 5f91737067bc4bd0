package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.ChangeEvent;
import dev.walcast.filters.Condition;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterSyntaxException;
import dev.walcast.filters.Target;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a binding asks for, read but not yet looked up in the database.
///
/// @param schema as the client wrote it or the protocol fills it in; `*` for any
/// @param table  likewise
record BindingSpec(Set<ChangeEvent> events, String schema, String table, List<Condition> conditions) {
    /// Longer filters are refused: no honest one comes near.
    static final int FILTER_LENGTH_MAX = 10_000;

    private static final String WILDCARD = "*";

    BindingSpec {
        events = Set.copyOf(events);
        requireNonNull(schema, "schema is null");
        requireNonNull(table, "table is null");
        conditions = List.copyOf(conditions);
    }

    /// @throws BindingRefusedException with the text that the protocol prescribes
    static BindingSpec read(ObjectNode request) throws BindingRefusedException {
        JsonNode schema = request.get("schema");
        JsonNode table = request.get("table");
        JsonNode filter = request.get("filter");
        if (isMalformed(schema)
                || isMalformed(table)
                || isMalformed(filter)
                || (schema == null && table == null)
                || (filter != null && (schema == null || table == null))) {
            throw new BindingRefusedException("No subscription params provided. Please provide at least a `schema` or"
                    + " `table` to subscribe to: " + ElixirText.of(request));
        }
        checkSelect(request, schema, table);
        JsonNode event = request.get("event");
        return new BindingSpec(
                ChangeEvent.requested(event != null && event.isTextual() ? event.textValue() : null),
                schema == null ? "public" : schema.textValue(),
                table == null ? WILDCARD : table.textValue(),
                filter == null ? List.of() : conditions(filter.textValue()));
    }

    private static boolean isMalformed(@Nullable JsonNode value) {
        return value != null && !value.isTextual();
    }

    private static void checkSelect(ObjectNode request, @Nullable JsonNode schema, @Nullable JsonNode table)
            throws BindingRefusedException {
        JsonNode select = request.get("select");
        if (select == null || select.isNull() || (select.isArray() && select.isEmpty())) {
            return;
        }
        if (!select.isArray()) {
            throw new BindingRefusedException("Error parsing `select` params: expected a list of column name strings,"
                    + " e.g. select: [\"col1\", \"col2\"]");
        }
        if (schema == null
                || table == null
                || WILDCARD.equals(schema.textValue())
                || WILDCARD.equals(table.textValue())) {
            throw new BindingRefusedException("Column selection is not supported for wildcard subscriptions."
                    + " Provide an explicit schema and table name.");
        }
        throw new BindingRefusedException("Column selection (`select`) is not available in this version of Walcast:"
                + " leave it out to receive every column that the role may read.");
    }

    private static List<Condition> conditions(String filter) throws BindingRefusedException {
        if (filter.length() > FILTER_LENGTH_MAX) {
            throw new BindingRefusedException(
                    "Error parsing `filter` params: longer than " + FILTER_LENGTH_MAX + " characters");
        }
        try {
            return FilterParser.parse(filter);
        } catch (FilterSyntaxException e) {
            throw new BindingRefusedException(String.valueOf(e.getMessage()));
        }
    }

    /// The one table that a well-formed binding names.
    static Optional<TableId> tableOf(ObjectNode request) {
        try {
            return read(request).target() instanceof Target.OneTable one ? Optional.of(one.table()) : Optional.empty();
        } catch (BindingRefusedException e) {
            return Optional.empty();
        }
    }

    Target target() {
        boolean anySchema = schema.equals(WILDCARD);
        boolean anyTable = table.equals(WILDCARD);
        if (anySchema) {
            return anyTable ? new Target.AllTables() : new Target.AnySchema(table);
        }
        return anyTable ? new Target.OneSchema(schema) : new Target.OneTable(new TableId(schema, table));
    }

    /// The parameters as the reference server prints them in its messages.
    @Override
    public String toString() {
        String event = events.size() == 1 ? events.iterator().next().name() : WILDCARD;
        String filters = conditions.stream()
                .map(condition -> String.format(
                        Locale.ROOT,
                        "{%s, %s, %s, %s}",
                        ElixirText.of(condition.column()),
                        ElixirText.of(condition.operator().token()),
                        ElixirText.of(condition.value()),
                        condition.negated()))
                .collect(Collectors.joining(", ", "[", "]"));
        return "[event: " + event + ", schema: " + schema + ", table: " + table + ", filters: " + filters
                + ", select: nil]";
    }
}
