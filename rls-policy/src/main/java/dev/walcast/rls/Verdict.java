package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import java.util.List;

/// Whether a viewer may see a change, and why not.
public sealed interface Verdict {
    /// @param columns which of the change's columns the viewer may read, by their place in its table
    record Visible(ReadableColumns columns) implements Verdict {
        public Visible {
            requireNonNull(columns, "columns is null");
        }
    }

    record Hidden(Reason reason) implements Verdict {
        public Hidden {
            requireNonNull(reason, "reason is null");
        }
    }

    enum Reason {
        /// The role may read no column of the table, or not use its schema, or does not exist.
        NO_PRIVILEGE,
        /// Row-level security applies to the role, and policies are not evaluated yet: hidden from everybody it applies
        /// to.
        ROW_SECURITY,
        /// The rights could not be asked of Postgres in time.
        RIGHTS_UNKNOWN
    }

    /// A set of column places, equal when the columns are: what an encoding is shared by.
    record ReadableColumns(List<Integer> indexes, List<String> generated) {
        public ReadableColumns {
            indexes = List.copyOf(indexes);
            generated = List.copyOf(generated);
        }
    }
}
