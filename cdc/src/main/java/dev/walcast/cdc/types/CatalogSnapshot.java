package dev.walcast.cdc.types;

import java.util.HashSet;
import java.util.Set;

/// The transactions that a reading of the catalog shows.
///
/// @param xmin    all transactions before it had ended
/// @param xmax    neither it nor a later transaction had ended
/// @param running the transactions between them that had not ended
record CatalogSnapshot(long xmin, long xmax, Set<Long> running) {
    /// The first ordinary transaction id; smaller ones are reserved.
    private static final long FIRST_NORMAL_XID = 3;

    CatalogSnapshot {
        running = Set.copyOf(running);
    }

    /// Parses a snapshot.
    ///
    /// @param text as `pg_snapshot` prints it
    static CatalogSnapshot parse(String text) {
        String[] parts = text.split(":", -1);
        Set<Long> running = new HashSet<>();
        for (String xid : parts[2].isEmpty() ? new String[0] : parts[2].split(",")) {
            running.add(Long.parseUnsignedLong(xid));
        }
        return new CatalogSnapshot(Long.parseUnsignedLong(parts[0]), Long.parseUnsignedLong(parts[1]), running);
    }

    /// Whether a transaction had ended that wrote to the log, or to a visible row.
    ///
    /// @param xid of 32 bits
    boolean isOver(long xid) {
        long full = xmax + ((int) xid - (int) xmax);
        return full < xmin || (full < xmax && !running.contains(full));
    }

    /// Whether the id on a visible row of the catalog is of an earlier round of the counter, or of no
    /// transaction.
    boolean isAncient(long xid) {
        return xid < FIRST_NORMAL_XID || (int) xid - (int) xmax >= 0;
    }

    /// Compares ids of 32 bits, which wrap around.
    static boolean precedes(long xid, long other) {
        return (int) xid - (int) other < 0;
    }
}
