package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import java.util.HashSet;
import java.util.Set;

/// A moment of a database: which transactions what is read there contains.
///
/// @param xmin    everything before it had ended
/// @param xmax    nothing from it on had ended
/// @param running what between them had not
/// @param lsn     what is contained was committed before this place of the log; some of what was committed before
///                it may not be contained
public record PgSnapshot(long xmin, long xmax, Set<Long> running, Lsn lsn) {
    public PgSnapshot {
        running = Set.copyOf(running);
        requireNonNull(lsn, "lsn is null");
    }

    /// @param snapshot as `pg_snapshot` prints it
    public static PgSnapshot parse(String snapshot, Lsn lsn) {
        String[] parts = snapshot.split(":", -1);
        Set<Long> running = new HashSet<>();
        for (String xid : parts[2].isEmpty() ? new String[0] : parts[2].split(",")) {
            running.add(Long.parseUnsignedLong(xid));
        }
        return new PgSnapshot(Long.parseUnsignedLong(parts[0]), Long.parseUnsignedLong(parts[1]), running, lsn);
    }

    /// Whether what the transaction did is seen.
    ///
    /// @param xid of a transaction that was committed; as the log has it, of 32 bits
    public boolean contains(long xid) {
        long full = full(xid);
        return full < xmin || (full < xmax && !running.contains(full));
    }

    /// Whether what any transaction up to this one did is seen, if it was committed.
    public boolean containsAllUpTo(long xid) {
        long full = full(xid);
        return full < xmax && running.stream().noneMatch(one -> one <= full);
    }

    /// Whether everything that is seen in the other is seen in this one.
    public boolean contains(PgSnapshot other) {
        return xmax >= other.xmax && running.stream().allMatch(one -> one >= other.xmax || other.running.contains(one));
    }

    /// Of all ids that end like this one of 32 bits, the one near the moment.
    public long full(long xid) {
        return xmax + ((int) xid - (int) xmax);
    }
}
