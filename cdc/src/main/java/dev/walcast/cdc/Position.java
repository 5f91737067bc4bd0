package dev.walcast.cdc;

import static java.util.Objects.requireNonNull;

import java.util.Comparator;

/// Where a change is in the feed: unique, ordered, stable across restarts of the reader.
///
/// @param commit  the end of the transaction's commit record
/// @param ordinal the change's place in its transaction, from 0
public record Position(Lsn commit, long ordinal) implements Comparable<Position> {
    private static final Comparator<Position> ORDER =
            Comparator.comparing(Position::commit).thenComparingLong(Position::ordinal);

    public Position {
        requireNonNull(commit, "commit is null");
    }

    @Override
    public int compareTo(Position other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return commit + "." + ordinal;
    }
}
