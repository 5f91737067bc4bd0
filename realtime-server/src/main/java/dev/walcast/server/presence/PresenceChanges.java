package dev.walcast.server.presence;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/// What everybody has been told of a room, and what has changed since: the next diff. What came and went in between
/// is in neither. Not safe for several threads.
final class PresenceChanges {
    private final Roster published = new Roster();
    private final Roster joins = new Roster();
    private final Roster leaves = new Roster();
    private @Nullable PresenceState state;

    void add(PresenceMeta meta) {
        joins.add(meta);
    }

    void remove(PresenceMeta meta) {
        if (!joins.remove(meta)) {
            leaves.add(meta);
        }
    }

    /// The ref that clients know of what this meta is or, when nobody has seen it yet, of what it replaces.
    @Nullable
    String knownRef(PresenceMeta meta) {
        return joins.contains(meta) ? meta.previousRef() : meta.ref();
    }

    boolean isEmpty() {
        return joins.isEmpty() && leaves.isEmpty();
    }

    /// The published state; encoded once until the next diff.
    PresenceState state() {
        if (state == null) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            published.writeTo(out);
            state = PresenceState.of(out.toByteArray());
        }
        return state;
    }

    /// The diff; from now on it is published.
    byte[] publish() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes("{\"joins\":".getBytes(US_ASCII));
        joins.writeTo(out);
        out.writeBytes(",\"leaves\":".getBytes(US_ASCII));
        leaves.writeTo(out);
        out.write('}');
        leaves.metas().forEach(published::remove);
        joins.metas().forEach(published::add);
        leaves.clear();
        joins.clear();
        state = null;
        return out.toByteArray();
    }
}
