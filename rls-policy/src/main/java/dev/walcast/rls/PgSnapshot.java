package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.util.HashSet;
import java.util.Set;

/// A snapshot of a database: the transactions whose effects it shows.
///
/// @param xmin    the first transaction that may still have been running; all before it had ended
/// @param xmax    the first transaction id that was not assigned; no transaction from it on had ended
/// @param running the transactions between these two that were running
/// @param lsn     a place of the log. Every transaction that the snapshot shows was committed before it. A transaction
///                that was committed before it may be missing from the snapshot
public record PgSnapshot(long xmin, long xmax, Set<Long> running, Lsn lsn) {
    public PgSnapshot {
        running = Set.copyOf(running);
        requireNonNull(lsn, "lsn is null");
    }

    /// Parses a snapshot.
    ///
    /// @param snapshot as `pg_snapshot` prints it
    public static PgSnapshot parse(String snapshot, Lsn lsn) {
        String[] parts = snapshot.split(":", -1);
        Set<Long> running = new HashSet<>();
        for (String xid : parts[2].isEmpty() ? new String[0] : parts[2].split(",")) {
            running.add(Long.parseUnsignedLong(xid));
        }
        return new PgSnapshot(Long.parseUnsignedLong(parts[0]), Long.parseUnsignedLong(parts[1]), running, lsn);
    }

    /// Whether the snapshot shows the effects of the transaction.
    ///
    /// @param xid 32 bits, as in the log; the transaction must have been committed
    public boolean contains(long xid) {
        long full = full(xid);
        return full < xmin || (full < xmax && !running.contains(full));
    }

    /// Whether the snapshot shows every committed transaction up to and including this one.
    public boolean containsAllUpTo(long xid) {
        long full = full(xid);
        return full < xmax && running.stream().noneMatch(one -> one <= full);
    }

    /// Whether this snapshot shows everything that the other shows.
    public boolean contains(PgSnapshot other) {
        return xmax >= other.xmax && running.stream().allMatch(one -> one >= other.xmax || other.running.contains(one));
    }

    /// Extends an id of 32 bits to the 64-bit id with the same low bits that is nearest to the snapshot.
    public long full(long xid) {
        return xmax + ((int) xid - (int) xmax);
    }
}
