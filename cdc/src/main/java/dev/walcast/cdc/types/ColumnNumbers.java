package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.types.TableColumns.Attribute;
import dev.walcast.cdc.types.TableColumns.Seen;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Finds the numbers of a described table's columns in the catalog, as far as they can be proven. Used by the
/// reader's thread only.
///
/// A catalog row was written before a change when one of these holds:
///
/// * it was read before the change was written;
/// * its transaction had ended before the log that the slot still keeps: it precedes the slot's `catalog_xmin`;
/// * the command that created the table wrote it, or the transaction did and the change is of a later one.
///
/// The order of transaction ids alone proves nothing: a transaction may change a table long after it got its
/// id. A change's transaction holds a lock on its table until it ends. So its commit shows whether it came
/// before or after another transaction that changed the columns.
public final class ColumnNumbers {
    private static final int TABLES_MAX = 10_000;

    /// How often a reading is repeated, every millisecond, that does not show yet what the change's own
    /// transaction did to the table. The log is ahead of what other sessions see.
    private static final int READINGS_MAX = 100;

    private static final String ATTRIBUTES = """
            select a.attnum, a.attname, a.attisdropped, a.attgenerated <> '' as generated,
                   a.xmin::pg_catalog.text::pg_catalog.int8 as made,
                   a.xmax::pg_catalog.text::pg_catalog.int8 as changing,
                   made.xmin::pg_catalog.text::pg_catalog.int8 as created,
                   a.xmin = made.xmin and made.xmax = '0'::pg_catalog.xid as in_creation,
                   a.xmin = made.xmin and a.cmin = made.cmin
                     and a.xmax = '0'::pg_catalog.xid and made.xmax = '0'::pg_catalog.xid as as_created,
                   c.xmax::pg_catalog.text::pg_catalog.int8 as table_changing,
                   s.catalog_xmin::pg_catalog.text::pg_catalog.int8 as oldest,
                   pg_catalog.pg_current_snapshot()::pg_catalog.text as snapshot,
                   pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text as lsn
              from pg_catalog.pg_class c
              join pg_catalog.pg_attribute made on made.attrelid = c.oid and made.attname = 'ctid'
              join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0
              left join pg_catalog.pg_replication_slots s on s.slot_name = ?::pg_catalog.name
             where c.oid = ?::pg_catalog.oid order by a.attnum""";

    private final TypeCatalog.Connections catalog;
    private final String slotName;
    private final Map<Long, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Seen> eldest) {
            return size() > TABLES_MAX;
        }
    };

    public ColumnNumbers(TypeCatalog.Connections catalog, String slotName) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    /// The position of a change in the log.
    ///
    /// @param xid of its transaction, 32 bits
    /// @param at  a position in the log at or after the change, at or before its transaction's end
    public record LogPosition(long xid, Lsn at) {
        public LogPosition {
            requireNonNull(at, "at is null");
        }
    }

    /// One reading of the catalog.
    ///
    /// @param oldest transactions before it had ended before all changes that the slot still sends; null when
    ///               unknown
    private record Reading(
            List<Attribute> attributes,
            List<Long> changing,
            long created,
            @Nullable Long oldest,
            CatalogSnapshot snapshot,
            Lsn lsn) {
        boolean lacks(long xid) {
            return !snapshot.isOver(xid) && changing.stream().anyMatch(other -> other != 0 && !snapshot.isOver(other));
        }

        boolean isSettled(Attribute attribute, Seen seen, LogPosition place) {
            long made = attribute.made();
            return snapshot.isAncient(made)
                    || attribute.asCreated()
                    || (attribute.inCreation() && CatalogSnapshot.precedes(created, place.xid))
                    || (oldest != null && CatalogSnapshot.precedes(made, oldest))
                    || seen.contains(attribute, place.at);
        }
    }

    /// Finds the numbers of columns.
    ///
    /// @param names in the log's order
    /// @param place of the change for which the log described them
    /// @return the number of each column, or [dev.walcast.cdc.Column#UNPROVEN]
    public List<Integer> of(long oid, List<String> names, LogPosition place) throws SQLException {
        Reading reading = oid > 0 ? readingOf(oid, place.xid) : null;
        Seen before = seen.getOrDefault(oid, Seen.NOTHING);
        if (reading == null) {
            seen.put(oid, new Seen(before.rows(), place.at));
            return TableColumns.unproven(names.size());
        }
        seen.put(oid, before.and(reading.attributes, reading.lsn));
        return new TableColumns(reading.attributes, attribute -> reading.isSettled(attribute, before, place))
                .numbers(names);
    }

    /// Whether another reading may prove what the last one did not.
    public boolean mayBeProven(long oid, LogPosition place) {
        return oid > 0 && place.at.isAfter(seen.getOrDefault(oid, Seen.NOTHING).readAt());
    }

    /// @return null when the table does not exist, or the changes of the transaction to it do not become
    ///         visible
    private @Nullable Reading readingOf(long oid, long xid) throws SQLException {
        try {
            for (int i = 0; i < READINGS_MAX; i++) {
                Reading reading = read(oid);
                if (reading == null || !reading.lacks(xid)) {
                    return reading;
                }
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return null;
    }

    private @Nullable Reading read(long oid) throws SQLException {
        List<Attribute> attributes = new ArrayList<>();
        List<Long> changing = new ArrayList<>();
        try (PreparedStatement statement = catalog.get().prepareStatement(ATTRIBUTES)) {
            statement.setString(1, slotName);
            statement.setLong(2, oid);
            try (ResultSet rows = statement.executeQuery()) {
                Reading reading = null;
                while (rows.next()) {
                    if (reading == null) {
                        changing.add(rows.getLong("table_changing"));
                        reading = reading(rows, attributes, changing);
                    }
                    attributes.add(attribute(rows));
                    changing.add(rows.getLong("changing"));
                }
                return reading;
            }
        }
    }

    private static Reading reading(ResultSet row, List<Attribute> attributes, List<Long> changing) throws SQLException {
        long oldest = row.getLong("oldest");
        boolean hasOldest = !row.wasNull();
        return new Reading(
                attributes,
                changing,
                row.getLong("created"),
                hasOldest ? oldest : null,
                CatalogSnapshot.parse(row.getString("snapshot")),
                Lsn.parse(row.getString("lsn")));
    }

    private static Attribute attribute(ResultSet row) throws SQLException {
        return new Attribute(
                row.getInt("attnum"),
                row.getString("attname"),
                row.getBoolean("attisdropped"),
                row.getBoolean("generated"),
                row.getLong("made"),
                row.getBoolean("as_created"),
                row.getBoolean("in_creation"));
    }
}
