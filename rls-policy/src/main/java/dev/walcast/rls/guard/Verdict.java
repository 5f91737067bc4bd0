package dev.walcast.rls.guard;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// Whether a viewer may see a change, and why not.
public sealed interface Verdict {
    /// The viewer may see the change.
    ///
    /// @param columns    the columns of the change that the viewer may read
    /// @param oldColumns the same for the row before the change: all when the viewer could see that row,
    ///                   otherwise the key
    /// @param key        the columns of the primary key that the viewer may read
    record Visible(ReadableColumns columns, ReadableColumns oldColumns, ReadableColumns key) implements Verdict {
        public Visible {
            requireNonNull(key, "key is null");
            requireNonNull(columns, "columns is null");
            requireNonNull(oldColumns, "oldColumns is null");
        }
    }

    /// The viewer may not see the change.
    record Hidden(Reason reason) implements Verdict {
        public Hidden {
            requireNonNull(reason, "reason is null");
        }
    }

    /// Postgres must be asked first.
    record Undecided() implements Verdict {}

    /// Why a change is hidden.
    enum Reason {
        /// The role may read no column of the table, may not use its schema, or does not exist.
        NO_PRIVILEGE,
        /// The policies do not show the row to the viewer.
        POLICY,
        /// Evaluating the policies for this viewer and row raised an error, or took too long.
        POLICY_FAILED,
        /// The table, or a column that the policies read, was replaced after the row was written.
        OTHER_DEFINITION
    }

    /// A set of columns. Viewers with equal sets share one encoding of a change.
    ///
    /// @param indexes   places of the columns in the table of the change
    /// @param generated names of columns that may be read and that the log does not carry
    /// @param unmapped  names of columns that the log carries and that are not, or not provably, columns of the
    ///                  table now
    record ReadableColumns(List<Integer> indexes, List<String> generated, List<String> unmapped) {
        /// No column.
        public static final ReadableColumns NONE = new ReadableColumns(List.of(), List.of());

        public ReadableColumns {
            indexes = List.copyOf(indexes);
            generated = List.copyOf(generated);
            unmapped = List.copyOf(unmapped);
        }

        /// Makes a set in which all columns of the log are mapped.
        public ReadableColumns(List<Integer> indexes, List<String> generated) {
            this(indexes, generated, List.of());
        }
    }
}
