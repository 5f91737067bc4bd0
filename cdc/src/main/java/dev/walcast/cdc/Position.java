package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

/// The position of a change in the feed. It is unique and ordered, and stays the same across restarts of the
/// reader.
///
/// @param commit  the end of the transaction's commit record
/// @param ordinal the index of the change in its transaction, from 0
public record Position(Lsn commit, long ordinal) implements Comparable<Position> {
    /// The greatest ordinal. All later changes of a transaction have it.
    public static final long ORDINAL_MAX = 0xFFFF_FFFFL;

    /// The position before every change.
    public static final Position START = new Position(Lsn.ZERO, 0);

    public Position {
        requireNonNull(commit, "commit is null");
        ordinal = Math.min(ordinal, ORDINAL_MAX);
    }

    /// Returns the position after every change of the transaction that ends here, and before any later change.
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
