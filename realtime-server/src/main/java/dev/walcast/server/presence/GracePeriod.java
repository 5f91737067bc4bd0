package dev.walcast.server.presence;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedSet;

/// Keeps the metas of lost sockets during their grace period. A client that reconnects with the same key takes one
/// over. Not safe for several threads.
final class GracePeriod {
    private record Lost(PresenceMeta meta, long untilNanos) {}

    /// In the order of their loss, which is also the order in which the grace periods end.
    private final Map<String, Lost> byRef = new LinkedHashMap<>();

    private final Map<String, SequencedSet<String>> refsByKey = new HashMap<>();

    void add(PresenceMeta meta, long untilNanos) {
        byRef.put(meta.ref(), new Lost(meta, untilNanos));
        refsByKey.computeIfAbsent(meta.key().text(), _ -> new LinkedHashSet<>()).add(meta.ref());
    }

    /// Takes out a meta of that key; preferably one with the same payload.
    Optional<PresenceMeta> take(PresenceKey key, byte[] payload) {
        List<PresenceMeta> candidates = refsByKey.getOrDefault(key.text(), new LinkedHashSet<>()).stream()
                .map(byRef::get)
                .map(Lost::meta)
                .toList();
        Optional<PresenceMeta> taken = candidates.stream()
                .filter(meta -> meta.hasPayload(payload))
                .findFirst()
                .or(() -> candidates.stream().findFirst());
        taken.ifPresent(this::remove);
        return taken;
    }

    /// Takes out the metas whose grace period is over.
    List<PresenceMeta> takeExpired(long nowNanos) {
        List<PresenceMeta> expired = new ArrayList<>();
        for (Lost lost : byRef.values()) {
            if (lost.untilNanos - nowNanos > 0) {
                break;
            }
            expired.add(lost.meta);
        }
        expired.forEach(this::remove);
        return expired;
    }

    /// The time at which the next grace period ends.
    Optional<Long> nextNanos() {
        Iterator<Lost> lost = byRef.values().iterator();
        return lost.hasNext() ? Optional.of(lost.next().untilNanos) : Optional.empty();
    }

    private void remove(PresenceMeta meta) {
        byRef.remove(meta.ref());
        refsByKey.computeIfPresent(meta.key().text(), (_, refs) -> {
            refs.remove(meta.ref());
            return refs.isEmpty() ? null : refs;
        });
    }
}
