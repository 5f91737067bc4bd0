package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.types.ColumnNumbers.Place;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Which columns make up the replica identity of a table, as the catalog has it, and whether that is proven to be so
/// at a change; [ColumnNumbers] says what a proof is. For readers to which the log does not tell it. Belongs to the
/// reader's thread.
public final class ReplicaIdentities {
    private static final int TABLES_MAX = 10_000;

    private static final String IDENTITY = """
            select c.relreplident = 'f' as is_full,
                   array(select key.number::pg_catalog.int4
                           from pg_catalog.pg_index i, pg_catalog.unnest(i.indkey) key (number)
                          where i.indrelid = c.oid
                            and case c.relreplident when 'd' then i.indisprimary when 'i' then i.indisreplident else false end)
                     as numbers,
                   array(select i.xmin::pg_catalog.text::pg_catalog.int8 from pg_catalog.pg_index i
                          where i.indrelid = c.oid order by i.indexrelid)
                     || c.xmin::pg_catalog.text::pg_catalog.int8 as made,
                   made.xmin::pg_catalog.text::pg_catalog.int8 as created,
                   s.catalog_xmin::pg_catalog.text::pg_catalog.int8 as oldest,
                   pg_catalog.pg_current_snapshot()::pg_catalog.text as snapshot,
                   pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text as lsn
              from pg_catalog.pg_class c
              join pg_catalog.pg_attribute made on made.attrelid = c.oid and made.attname = 'ctid'
              left join pg_catalog.pg_replication_slots s on s.slot_name = ?::pg_catalog.name
             where c.oid = ?::pg_catalog.oid""";

    private final TypeCatalog.Connections catalog;
    private final String slotName;
    private final Map<Long, Seen> seen = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Seen> eldest) {
            return size() > TABLES_MAX;
        }
    };

    public ReplicaIdentities(TypeCatalog.Connections catalog, String slotName) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    /// @param isFull  whether every column belongs to it
    /// @param numbers of the columns that do otherwise
    public record Identity(boolean isFull, Set<Integer> numbers, boolean isProven) {
        public Identity {
            numbers = Set.copyOf(numbers);
        }

        public boolean has(int number) {
            return isFull || numbers.contains(number);
        }
    }

    /// @param made  the transactions that wrote the rows of the catalog
    /// @param since from this place of the log on they are known to be the same
    private record Seen(List<Long> made, Lsn since, Lsn readAt) {}

    public Identity of(long oid, Place place) throws SQLException {
        try (PreparedStatement statement = catalog.get().prepareStatement(IDENTITY)) {
            statement.setString(1, slotName);
            statement.setLong(2, Math.max(oid, 0));
            try (ResultSet row = statement.executeQuery()) {
                return row.next() ? identity(oid, place, row) : new Identity(false, Set.of(), false);
            }
        }
    }

    private Identity identity(long oid, Place place, ResultSet row) throws SQLException {
        List<Long> made = List.of((Long[]) requireNonNull(row.getArray("made").getArray()));
        Lsn lsn = Lsn.parse(row.getString("lsn"));
        Seen before = seen.get(oid);
        Lsn since = before != null && before.made.equals(made) ? before.since : lsn;
        boolean proven = place.at().isAfter(since) || isOlder(made, place, row);
        seen.put(oid, new Seen(made, since, lsn));
        return new Identity(
                row.getBoolean("is_full"),
                Set.copyOf(List.of(
                        (Integer[]) requireNonNull(row.getArray("numbers").getArray()))),
                proven);
    }

    private static boolean isOlder(List<Long> made, Place place, ResultSet row) throws SQLException {
        CatalogSnapshot snapshot = CatalogSnapshot.parse(row.getString("snapshot"));
        long created = row.getLong("created");
        long oldest = row.getLong("oldest");
        boolean hasOldest = !row.wasNull();
        boolean isCreatedBefore = CatalogSnapshot.precedes(created, place.xid());
        return made.stream()
                .allMatch(xid -> snapshot.isAncient(xid)
                        || (hasOldest && CatalogSnapshot.precedes(xid, oldest))
                        || (xid == created && isCreatedBefore));
    }

    /// Whether another look may prove what the last one did not.
    public boolean mayBeProven(long oid, Place place) {
        Seen last = seen.get(oid);
        return last != null && place.at().isAfter(last.readAt);
    }
}
