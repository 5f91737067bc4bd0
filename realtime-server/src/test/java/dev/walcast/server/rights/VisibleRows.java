package dev.walcast.server.rights;

import java.util.BitSet;
import java.util.Set;

/// The rows of a table that Postgres shows a viewer in one state of the rights.
///
/// @param rows      the numbers of the versions that a SELECT shows
/// @param undecided the versions for which a policy raised an error
record VisibleRows(BitSet rows, BitSet undecided, Set<String> columns) {
    static final VisibleRows NONE = new VisibleRows(new BitSet(), new BitSet(), Set.of());

    boolean shows(int img, Set<String> wanted) {
        return (rows.get(img) || undecided.get(img)) && columns.containsAll(wanted);
    }

    boolean surelyShows(int img, Set<String> wanted) {
        return rows.get(img) && columns.containsAll(wanted);
    }
}
