package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.types.ColumnNumbers.LogPosition;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The types that have fields. For each one, it knows from which position in the log the catalog's definition
/// is valid. Used by the reader's thread only.
///
/// The log carries a row type's values without the names of their fields, and does not report when the type
/// changes. So the definitions are read again before a value is used that was written after the last reading:
/// once for each transaction with such values, and less often when the reader is behind. A definition whose
/// catalog rows are the same in two readings did not change in between. What was written between two readings
/// that differ is not known. What was written before the first reading is not known either, unless the rows
/// precede the slot's `catalog_xmin`, or one earlier transaction created the type and none changed it.
public final class RowTypes {
    /// How often a reading is repeated, every millisecond, that shows a change which may be committed in the
    /// log.
    private static final int READINGS_MAX = 50;

    private static final int UNENDED_MAX = 1_000;

    /// The rows of the catalog that the definitions consist of. An idle transaction has not committed.
    private static final String VERSIONS = """
            with recursive parts (root, oid) as (
              select r.oid, r.oid from pg_catalog.unnest(?::pg_catalog.oid[]) r (oid)
              union
              select p.root, e.oid
                from parts p
                join pg_catalog.pg_type t on t.oid = p.oid
               cross join lateral (
                 select t.typelem where t.typelem <> 0
                 union all
                 select t.typbasetype where t.typbasetype <> 0
                 union all
                 select a.atttypid from pg_catalog.pg_attribute a
                  where t.typrelid <> 0 and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped) e (oid)
               where e.oid >= 16384),
            written (root, part, place, made, whole, changing) as (
              select p.root, t.oid, pg_catalog.concat('t', t.oid), t.xmin::pg_catalog.text, t.xmin::pg_catalog.text,
                     t.xmax::pg_catalog.text
                from parts p join pg_catalog.pg_type t on t.oid = p.oid
              union all
              select p.root, t.oid, pg_catalog.concat('c', c.oid), null, c.xmin::pg_catalog.text, c.xmax::pg_catalog.text
                from parts p join pg_catalog.pg_type t on t.oid = p.oid join pg_catalog.pg_class c on c.oid = t.typrelid
              union all
              select p.root, t.oid, pg_catalog.concat('a', a.attrelid, '.', a.attnum), a.xmin::pg_catalog.text,
                     a.xmin::pg_catalog.text, a.xmax::pg_catalog.text
                from parts p
                join pg_catalog.pg_type t on t.oid = p.oid
                join pg_catalog.pg_attribute a on a.attrelid = t.typrelid and a.attnum > 0
               where t.typrelid <> 0)
            select w.root,
                   pg_catalog.string_agg(pg_catalog.concat(w.place, ':', w.made), ' ' order by w.place collate "C")
                     filter (where w.made is not null) as version,
                   pg_catalog.array_agg(distinct w.made) filter (where w.made is not null) as made,
                   pg_catalog.array_agg(distinct w.changing) filter (where w.changing <> '0'
                     and not exists (
                       select from pg_catalog.pg_stat_activity s
                        where s.backend_xid = w.changing::pg_catalog.xid
                          and s.state in ('idle in transaction', 'idle in transaction (aborted)'))) as changing,
                   not exists (select from written o where o.root = w.root
                                group by o.part having pg_catalog.count(distinct o.whole) > 1) as as_created
              from written w group by w.root""";

    private static final String SNAPSHOT = """
            select pg_catalog.pg_current_snapshot()::pg_catalog.text as snapshot,
                   pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text as lsn,
                   s.catalog_xmin::pg_catalog.text::pg_catalog.int8 as oldest, s.confirmed_flush_lsn::pg_catalog.text as kept
              from (values (1)) one
              left join pg_catalog.pg_replication_slots s on s.slot_name = ?::pg_catalog.name""";

    private final TypeCatalog.Connections catalog;
    private final TypeCatalog types;
    private final String slotName;
    private final Map<Long, Known> known = new HashMap<>();

    /// Transactions that did not end while they were waited for.
    private final Set<Long> unended = new HashSet<>();

    private Lsn readThrough = Lsn.ZERO;

    public RowTypes(TypeCatalog.Connections catalog, String slotName) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.types = new TypeCatalog(catalog);
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    /// A definition.
    ///
    /// @param since      the definition is valid for values that were written from this position on
    /// @param isChanging whether a transaction is changing it that may already be committed in the log
    /// @param creators   the transactions that created its parts; empty when other transactions changed them
    private record Known(PgType type, String version, Lsn since, boolean isChanging, List<Long> creators) {
        boolean isExact(LogPosition place) {
            boolean isLater = !creators.isEmpty()
                    && creators.stream().allMatch(creator -> CatalogSnapshot.precedes(creator, place.xid()));
            return !isChanging && (isLater || !since.isAfter(place.at()));
        }
    }

    /// @param kept the begin of the log that the slot still has to send
    private record Reading(
            Map<Long, Version> versions,
            CatalogSnapshot snapshot,
            Lsn lsn,
            @Nullable Long oldest,
            @Nullable Lsn kept) {
        List<Long> changing() {
            return versions.values().stream()
                    .flatMap(version -> version.changing.stream())
                    .filter(xid -> !snapshot.isOver(xid))
                    .distinct()
                    .toList();
        }

        boolean isChanging(Version version) {
            return version.changing.stream().anyMatch(xid -> !snapshot.isOver(xid));
        }

        boolean isOlderThanLog(Version version) {
            return oldest != null
                    && kept != null
                    && version.made.stream()
                            .allMatch(made -> snapshot.isAncient(made) || CatalogSnapshot.precedes(made, oldest));
        }
    }

    private record Version(String text, List<Long> made, List<Long> changing, boolean isAsCreated) {
        static final Version NONE = new Version("", List.of(), List.of(), false);
    }

    /// Returns the type's definition in the current catalog.
    ///
    /// @param at the position at which the value was written
    public PgType type(long oid, Lsn at) throws SQLException {
        if (!known.containsKey(oid) || at.isAfter(readThrough)) {
            read(Set.of(oid));
        }
        return requireNonNull(known.get(oid)).type;
    }

    /// Checks whether [#type] returns the definition with which the value was written.
    public boolean checkExact(long oid, LogPosition place) throws SQLException {
        PgType _ = type(oid, place.at());
        return requireNonNull(known.get(oid)).isExact(place);
    }

    private void read(Collection<Long> more) throws SQLException {
        Set<Long> oids = new HashSet<>(known.keySet());
        oids.addAll(more);
        Connection connection = catalog.get();
        try {
            for (int i = 0; ; i++) {
                Lsn through = flushed(connection);
                Reading reading = begin(connection, oids);
                if (i == READINGS_MAX || unended.containsAll(reading.changing())) {
                    keep(oids, reading);
                    readThrough = through;
                    unended.addAll(reading.changing());
                    break;
                }
                end(connection);
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SQLException("interrupted while types change", e);
        } finally {
            end(connection);
        }
        if (unended.size() > UNENDED_MAX) {
            unended.clear();
        }
    }

    private static Lsn flushed(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.pg_current_wal_flush_lsn()::text")) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }

    /// Begins a transaction. The definitions are read in its snapshot as well.
    private Reading begin(Connection connection, Set<Long> oids) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            statement.execute("set transaction isolation level repeatable read, read only");
        }
        try (PreparedStatement statement = connection.prepareStatement(SNAPSHOT)) {
            statement.setString(1, slotName);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                long oldest = row.getLong("oldest");
                boolean hasOldest = !row.wasNull();
                String kept = row.getString("kept");
                return new Reading(
                        versions(connection, oids),
                        CatalogSnapshot.parse(row.getString("snapshot")),
                        Lsn.parse(row.getString("lsn")),
                        hasOldest ? oldest : null,
                        kept == null ? null : Lsn.parse(kept));
            }
        }
    }

    private static void end(Connection connection) throws SQLException {
        if (!connection.getAutoCommit()) {
            connection.rollback();
            connection.setAutoCommit(true);
        }
    }

    private static Map<Long, Version> versions(Connection connection, Set<Long> oids) throws SQLException {
        Map<Long, Version> versions = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(VERSIONS)) {
            statement.setString(1, oids.stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}")));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    versions.put(
                            rows.getLong("root"),
                            new Version(
                                    rows.getString("version"),
                                    xids(rows, "made"),
                                    xids(rows, "changing"),
                                    rows.getBoolean("as_created")));
                }
            }
        }
        return versions;
    }

    private static List<Long> xids(ResultSet rows, String column) throws SQLException {
        java.sql.Array array = rows.getArray(column);
        return array == null
                ? List.of()
                : Arrays.stream((String[]) requireNonNull(array.getArray()))
                        .map(Long::parseUnsignedLong)
                        .toList();
    }

    private void keep(Set<Long> oids, Reading reading) throws SQLException {
        types.forgetUserTypes();
        for (long oid : oids) {
            Version version = reading.versions.getOrDefault(oid, Version.NONE);
            Known before = known.get(oid);
            boolean isChanging = reading.isChanging(version);
            List<Long> creators = version.isAsCreated ? version.made : List.of();
            boolean isSame = before != null && before.version.equals(version.text);
            Known now = isSame
                    ? requireNonNull(before)
                    : new Known(types.type(oid), version.text, since(before, version, reading), isChanging, creators);
            known.put(oid, new Known(now.type, now.version, now.since, isChanging, creators));
        }
    }

    private static Lsn since(@Nullable Known before, Version version, Reading reading) {
        return before == null && reading.isOlderThanLog(version) ? requireNonNull(reading.kept) : reading.lsn;
    }
}
