package dev.walcast.rls.guard;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.InView;
import dev.walcast.rls.guard.Verdict.ReadableColumns;

/// Whether a viewer could see the row before an UPDATE, and which of its columns.
///
/// @param seen    whether the policies showed the row
/// @param columns the columns that the viewer may read
/// @param key     the columns of the primary key; empty unless the viewer may read the whole key and the feed carries
///                its old value
public record OldRowVerdict(InView seen, ReadableColumns columns, ReadableColumns key) {
    public OldRowVerdict {
        requireNonNull(seen, "seen is null");
        requireNonNull(columns, "columns is null");
        requireNonNull(key, "key is null");
    }
}
