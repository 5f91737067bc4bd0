package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.filters.FilterNode;
import dev.walcast.filters.FilterNode.Condition;
import dev.walcast.filters.FilterParser;
import dev.walcast.filters.FilterSyntaxException;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.Target;
import dev.walcast.server.protocol.ErrorCode;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a binding asks for, read but not yet looked up in the database.
///
/// @param schema as the client wrote it or the protocol fills it in; `*` for any
/// @param table  likewise
/// @param select the columns asked for besides the key; empty for all
/// @param membership whether UPDATEs that take rows into or out of view are told as INSERT and DELETE
public record BindingSpec(
        Set<ChangeEvent> events,
        String schema,
        String table,
        List<FilterNode> filters,
        Set<String> select,
        boolean membership) {
    private static final String WILDCARD = "*";

    /// As many columns as a table can have.
    private static final int SELECT_MAX = 1600;

    public BindingSpec {
        events = Set.copyOf(events);
        requireNonNull(schema, "schema is null");
        requireNonNull(table, "table is null");
        filters = List.copyOf(filters);
        select = select.isEmpty() ? Set.of() : java.util.Collections.unmodifiableSet(new java.util.TreeSet<>(select));
    }

    /// @throws BindingRefusedException with the text that the protocol prescribes
    ///
    /// @param request the binding, reduced to the keys that the server knows
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
        for (String key : List.of("schema", "table", "filter", "select", SnapshotSpec.KEY)) {
            if (holdsNul(request.path(key))) {
                throw new BindingRefusedException("Error parsing `" + key
                        + "` params: it holds a NUL character, which Postgres has in no name and no value");
            }
        }
        requireNames(schema, table, request.path("select"));
        return new BindingSpec(
                events(request.path("event")),
                schema == null ? "public" : schema.textValue(),
                table == null ? WILDCARD : table.textValue(),
                filter == null ? List.of() : filters(filter.textValue()),
                select(request, schema, table),
                membership(request));
    }

    private static Set<ChangeEvent> events(JsonNode event) throws BindingRefusedException {
        boolean absent = event.isMissingNode() || event.isNull();
        Set<ChangeEvent> events =
                absent || event.isTextual() ? ChangeEvent.requested(absent ? null : event.textValue()) : Set.of();
        if (events.isEmpty()) {
            throw new BindingRefusedException("Error parsing `event` params: "
                    + ErrorCode.EVENT_UNKNOWN.refusal().reason());
        }
        return events;
    }

    private static boolean membership(ObjectNode request) throws BindingRefusedException {
        JsonNode membership = request.path("membership");
        if (!membership.isBoolean() && !membership.isMissingNode() && !membership.isNull()) {
            throw new BindingRefusedException("Error parsing `membership` params: expected true or false");
        }
        return membership.asBoolean();
    }

    /// Postgres has no such names, and would cut them off.
    private static void requireNames(@Nullable JsonNode schema, @Nullable JsonNode table, JsonNode select)
            throws BindingRefusedException {
        boolean fits = fits(schema) && fits(table) && select.valueStream().allMatch(BindingSpec::fits);
        if (!fits) {
            throw new BindingRefusedException("Unable to subscribe to changes with given parameters. "
                    + ErrorCode.NAME_TOO_LONG.refusal().reason());
        }
    }

    private static boolean fits(@Nullable JsonNode name) {
        return name == null || !name.isTextual() || Identifier.fits(name.textValue());
    }

    private static boolean holdsNul(JsonNode value) {
        return value.isTextual()
                ? value.textValue().indexOf('\0') >= 0
                : value.valueStream().anyMatch(BindingSpec::holdsNul);
    }

    private static boolean isMalformed(@Nullable JsonNode value) {
        return value != null && !value.isTextual();
    }

    private static Set<String> select(ObjectNode request, @Nullable JsonNode schema, @Nullable JsonNode table)
            throws BindingRefusedException {
        JsonNode select = request.get("select");
        if (select == null || select.isNull() || (select.isArray() && select.isEmpty())) {
            return Set.of();
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
        Set<String> columns = new java.util.TreeSet<>();
        for (JsonNode column : select) {
            if (column.isTextual()) {
                columns.add(column.textValue());
            }
        }
        if (columns.size() > SELECT_MAX) {
            throw new BindingRefusedException("Error parsing `select` params: more than " + SELECT_MAX + " columns");
        }
        return columns;
    }

    private static List<FilterNode> filters(String filter) throws BindingRefusedException {
        try {
            return FilterParser.parse(filter);
        } catch (FilterSyntaxException e) {
            throw new BindingRefusedException(String.valueOf(e.getMessage()));
        }
    }

    /// The tables that the binding names.
    public Target target() {
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
        String printed = filters.stream().map(BindingSpec::print).collect(Collectors.joining(", ", "[", "]"));
        String columns = select.isEmpty()
                ? "nil"
                : select.stream().map(ElixirText::of).collect(Collectors.joining(", ", "[", "]"));
        return "[event: " + event + ", schema: " + schema + ", table: " + table + ", filters: " + printed + ", select: "
                + columns + "]";
    }

    private static String print(FilterNode node) {
        return switch (node) {
            case Condition condition ->
                String.format(
                        Locale.ROOT,
                        "{%s, %s, %s, %s}",
                        ElixirText.of(condition.column()),
                        ElixirText.of(condition.operator().token()),
                        ElixirText.of(condition.value()),
                        condition.negated());
            case FilterNode.Group group ->
                (group.negated() ? "not." : "")
                        + (group.any() ? "or" : "and")
                        + group.nodes().stream().map(BindingSpec::print).collect(Collectors.joining(", ", "(", ")"));
        };
    }
}
