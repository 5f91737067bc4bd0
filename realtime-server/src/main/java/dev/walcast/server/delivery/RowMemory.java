package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.server.rowkeys.KeyHolder;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.rowkeys.TouchedRow;
import java.util.List;

/// Which rows one binding knows. The calls follow each other, under the subscription's lock; only [#knows] may be
/// called without it.
///
/// @param view what the binding knows rows of
record RowMemory(RowView view, KeyHolder<KeyedBinding> holder) {
    RowMemory {
        requireNonNull(view, "view is null");
        requireNonNull(holder, "holder is null");
    }

    int bindingId() {
        return holder.binding().bindingId();
    }

    /// Whether the client has the row that the change is about. Always false for a new row, unless the DELETE of an
    /// earlier row of that key was not published.
    boolean knows(TouchedRow row) {
        return holder.knows(row.before()) || holder.knows(row.after());
    }

    /// Rows were handed to the client.
    void remember(List<RowKey> keys) {
        keys.forEach(holder::remember);
    }

    /// The change was handed to the client.
    void told(Change change, TouchedRow row) {
        if (change instanceof Change.Delete) {
            forget(row);
        } else {
            holder.move(row.before(), row.after());
        }
    }

    /// The change was not handed to the client.
    ///
    /// @param visible whether the viewer may still see the row
    void passed(Change change, TouchedRow row, boolean visible) {
        if (!(change instanceof Change.Update && visible && row.hasSameKey())) {
            forget(row);
        }
    }

    void forget(TouchedRow row) {
        boolean _ = holder.forget(row.before());
        boolean _ = holder.forget(row.after());
    }
}
