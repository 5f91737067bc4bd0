package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.PgType;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Reads the types of the database by oid from the current catalog. Used by one thread only.
///
/// Built-in types never change and are kept. Users' types are forgotten when a table changes its columns.
public final class TypeCatalog {
    static final long FIRST_USER_OID = 16_384;

    /// The deepest nesting of types. Users can create types of any depth, and code that visits a type is
    /// recursive.
    private static final int DEPTH_MAX = 64;

    /// The most parts of a type. Two fields of one composite type in another, and so on, double the parts with
    /// each level, and code that compares two types visits all of them.
    private static final int PARTS_MAX = 10_000;

    /// Casts of users or extensions decide what `to_jsonb` does with a type that has no other rule.
    private static final String TYPE = """
            select t.typname, t.typtype, t.typelem, t.typbasetype, t.typrelid, e.typdelim,
                   t.typsubscript = 'pg_catalog.array_subscript_handler'::pg_catalog.regproc as is_array,
                   exists (select from pg_catalog.pg_cast c
                            where c.castsource = t.oid and c.casttarget = 'pg_catalog.json'::pg_catalog.regtype
                              and c.castmethod = 'f' and t.oid >= 16384) as casts_to_json
              from pg_catalog.pg_type t left join pg_catalog.pg_type e on e.oid = t.typelem
             where t.oid = ?::pg_catalog.oid""";

    private static final String FIELDS = """
            select a.attname, a.atttypid from pg_catalog.pg_attribute a
             where a.attrelid = ?::pg_catalog.oid and a.attnum > 0 and not a.attisdropped order by a.attnum""";

    private static final Map<String, JsonForm> FORMS = Map.ofEntries(
            Map.entry("bool", JsonForm.BOOLEAN),
            Map.entry("int2", JsonForm.NUMBER),
            Map.entry("int4", JsonForm.NUMBER),
            Map.entry("int8", JsonForm.NUMBER),
            Map.entry("float4", JsonForm.NUMBER),
            Map.entry("float8", JsonForm.NUMBER),
            Map.entry("numeric", JsonForm.NUMBER),
            Map.entry("date", JsonForm.DATE),
            Map.entry("timestamp", JsonForm.TIMESTAMP),
            Map.entry("timestamptz", JsonForm.TIMESTAMPTZ),
            Map.entry("json", JsonForm.JSON),
            Map.entry("jsonb", JsonForm.JSONB),
            Map.entry("bytea", JsonForm.BYTEA));

    private final Connections catalog;
    private final Map<Long, PgType> types = new HashMap<>();

    /// The number of parts of each type.
    private final Map<Long, Integer> sizes = new HashMap<>();

    /// Opens connections to the catalog.
    @FunctionalInterface
    public interface Connections {
        Connection get() throws SQLException;
    }

    public TypeCatalog(Connections catalog) {
        this.catalog = requireNonNull(catalog, "catalog is null");
    }

    public void forgetUserTypes() {
        types.keySet().removeIf(oid -> oid >= FIRST_USER_OID);
        sizes.keySet().removeIf(oid -> oid >= FIRST_USER_OID);
    }

    /// Returns a type. A type that is no longer in the catalog, or is too deep or too wide, is returned as
    /// unknown: its values cannot be rendered.
    public PgType type(long oid) throws SQLException {
        return type(oid, 0);
    }

    private PgType type(long oid, int depth) throws SQLException {
        PgType known = types.get(oid);
        if (known != null) {
            return known;
        }
        if (depth > DEPTH_MAX) {
            return new PgType.Scalar(oid, "unknown", JsonForm.CAST);
        }
        PgType read = read(oid, depth);
        int parts = parts(read);
        PgType kept = parts > PARTS_MAX ? new PgType.Scalar(oid, read.name(), JsonForm.CAST) : read;
        types.put(oid, kept);
        sizes.put(oid, parts > PARTS_MAX ? 1 : parts);
        return kept;
    }

    /// Returns the number of types of which it consists, each counted as often as it occurs.
    private int parts(PgType type) {
        return switch (type) {
            case PgType.Scalar _ -> 1;
            case PgType.Array array -> 1 + size(array.element());
            case PgType.Domain domain -> 1 + size(domain.base());
            case PgType.Composite composite ->
                1
                        + composite.fields().stream()
                                .mapToInt(field -> size(field.type()))
                                .sum();
        };
    }

    private int size(PgType type) {
        return sizes.getOrDefault(type.oid(), 1);
    }

    /// A row of `pg_type`.
    private record Entry(
            String name,
            String kind,
            long element,
            long base,
            long relation,
            @Nullable String delimiter,
            boolean isArray,
            boolean castsToJson) {}

    private PgType read(long oid, int depth) throws SQLException {
        Entry entry = entry(oid);
        if (entry == null) {
            return new PgType.Scalar(oid, "unknown", JsonForm.CAST);
        }
        return switch (entry.kind()) {
            case "d" -> new PgType.Domain(oid, entry.name(), type(entry.base(), depth + 1));
            case "c" -> new PgType.Composite(oid, entry.name(), fields(entry.relation(), depth));
            default ->
                entry.isArray() ? array(oid, entry, depth) : new PgType.Scalar(oid, entry.name(), form(oid, entry));
        };
    }

    private PgType array(long oid, Entry entry, int depth) throws SQLException {
        if (entry.name().equals("oidvector")) {
            return new PgType.Scalar(oid, entry.name(), JsonForm.TEXT_LIST);
        }
        if (entry.name().equals("int2vector")) {
            return new PgType.Scalar(oid, entry.name(), JsonForm.NUMBER_LIST);
        }
        String delimiter = entry.delimiter();
        return new PgType.Array(
                oid,
                entry.name(),
                type(entry.element(), depth + 1),
                delimiter == null || delimiter.isEmpty() ? ',' : delimiter.charAt(0));
    }

    private static JsonForm form(long oid, Entry entry) {
        if (oid < FIRST_USER_OID) {
            return FORMS.getOrDefault(entry.name(), JsonForm.TEXT);
        }
        if (entry.castsToJson()) {
            return entry.name().equals("hstore") ? JsonForm.HSTORE : JsonForm.CAST;
        }
        return JsonForm.TEXT;
    }

    private @Nullable Entry entry(long oid) throws SQLException {
        try (PreparedStatement statement = catalog.get().prepareStatement(TYPE)) {
            statement.setLong(1, oid);
            try (ResultSet row = statement.executeQuery()) {
                return row.next()
                        ? new Entry(
                                row.getString("typname"),
                                row.getString("typtype"),
                                row.getLong("typelem"),
                                row.getLong("typbasetype"),
                                row.getLong("typrelid"),
                                row.getString("typdelim"),
                                row.getBoolean("is_array"),
                                row.getBoolean("casts_to_json"))
                        : null;
            }
        }
    }

    private List<PgType.Field> fields(long relation, int depth) throws SQLException {
        Map<String, Long> fieldTypes = new java.util.LinkedHashMap<>();
        try (PreparedStatement statement = catalog.get().prepareStatement(FIELDS)) {
            statement.setLong(1, relation);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    fieldTypes.put(rows.getString(1), rows.getLong(2));
                }
            }
        }
        List<PgType.Field> fields = new ArrayList<>();
        for (Map.Entry<String, Long> field : fieldTypes.entrySet()) {
            fields.add(new PgType.Field(field.getKey(), type(field.getValue(), depth + 1)));
        }
        return fields;
    }
}
