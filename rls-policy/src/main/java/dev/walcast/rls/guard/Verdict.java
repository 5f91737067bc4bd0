package dev.walcast.rls.guard;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// Whether a viewer may see a change, and why not.
public sealed interface Verdict {
    /// @param columns    which of the change's columns the viewer may read, by their place in its table
    /// @param oldColumns the same for the row before the change: all when the viewer could see that row, else the
    ///                   key
    /// @param key        the primary key's among them
    record Visible(ReadableColumns columns, ReadableColumns oldColumns, ReadableColumns key) implements Verdict {
        public Visible {
            requireNonNull(key, "key is null");
            requireNonNull(columns, "columns is null");
            requireNonNull(oldColumns, "oldColumns is null");
        }
    }

    record Hidden(Reason reason) implements Verdict {
        public Hidden {
            requireNonNull(reason, "reason is null");
        }
    }

    /// Postgres has to be asked first.
    record Undecided() implements Verdict {}

    enum Reason {
        /// The role may read no column of the table, or not use its schema, or does not exist.
        NO_PRIVILEGE,
        /// The policies do not show the row to the viewer.
        POLICY,
        /// Evaluating the policies for this viewer and row raised an error, or took too long.
        POLICY_FAILED,
        /// The table, or a column that the policies look at, is another one today than when the row was written.
        OTHER_DEFINITION
    }

    /// A set of column places, equal when the columns are: what an encoding is shared by.
    ///
    /// @param generated names of columns that may be read and that the log does not carry
    /// @param unmapped  names of columns that the log carries and that are none of today's columns, or not provably
    record ReadableColumns(List<Integer> indexes, List<String> generated, List<String> unmapped) {
        public static final ReadableColumns NONE = new ReadableColumns(List.of(), List.of());

        public ReadableColumns {
            indexes = List.copyOf(indexes);
            generated = List.copyOf(generated);
            unmapped = List.copyOf(unmapped);
        }

        public ReadableColumns(List<Integer> indexes, List<String> generated) {
            this(indexes, generated, List.of());
        }
    }
}
