package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// The commit of a transaction.
///
/// @param lsn        the end of the commit record
/// @param xid        the transaction id
/// @param timeMicros the commit time in microseconds since 1970, as Postgres recorded it
public record Commit(Lsn lsn, long xid, long timeMicros) {
    public Commit {
        requireNonNull(lsn, "lsn is null");
    }
}
