package dev.walcast.server.presence;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import org.jspecify.annotations.Nullable;

/// Holds the published presences of a topic and the changes since: the next diff. A presence that came and went in
/// between is in neither. Not safe for several threads.
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

    /// The ref that clients know this meta by. For a meta that was not published yet, the ref of the meta that it
    /// replaces.
    @Nullable
    String knownRef(PresenceMeta meta) {
        return joins.contains(meta) ? meta.previousRef() : meta.ref();
    }

    boolean isEmpty() {
        return joins.isEmpty() && leaves.isEmpty();
    }

    /// The published state, encoded once until the next diff.
    PresenceState state() {
        if (state == null) {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            published.writeTo(out);
            state = PresenceState.of(out.toByteArray());
        }
        return state;
    }

    /// Returns the diff and makes it part of the published state.
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
