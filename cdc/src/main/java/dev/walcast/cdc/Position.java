package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// Where a change is in the feed: unique, ordered, stable across restarts of the reader.
///
/// @param commit  the end of the transaction's commit record
/// @param ordinal the change's place in its transaction, from 0
public record Position(Lsn commit, long ordinal) implements Comparable<Position> {
    /// Changes of one transaction beyond this many are no longer told apart.
    public static final long ORDINAL_MAX = 0xFFFF_FFFFL;

    /// Before every change.
    public static final Position START = new Position(Lsn.ZERO, 0);

    public Position {
        requireNonNull(commit, "commit is null");
        ordinal = Math.min(ordinal, ORDINAL_MAX);
    }

    /// Behind every change of the transaction that ends here, and before any later one.
    public static Position after(Lsn commit) {
        return new Position(commit, ORDINAL_MAX);
    }

    public boolean isAfter(Position other) {
        return compareTo(other) > 0;
    }

    @Override
    public int compareTo(Position other) {
        int byCommit = commit.compareTo(other.commit);
        return byCommit != 0 ? byCommit : Long.compare(ordinal, other.ordinal);
    }

    @Override
    public String toString() {
        return commit + "." + ordinal;
    }
}
