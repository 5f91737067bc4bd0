package dev.walcast.server.presence;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A list of metas in the order of their arrival. Some clients show only the first of each key. Not safe for several
/// threads.
final class Roster {
    private final Map<String, PresenceMeta> byRef = new LinkedHashMap<>();

    void add(PresenceMeta meta) {
        byRef.put(meta.ref(), meta);
    }

    /// Returns false when it is absent.
    boolean remove(PresenceMeta meta) {
        return byRef.remove(meta.ref()) != null;
    }

    boolean contains(PresenceMeta meta) {
        return byRef.containsKey(meta.ref());
    }

    boolean isEmpty() {
        return byRef.isEmpty();
    }

    Collection<PresenceMeta> metas() {
        return byRef.values();
    }

    void clear() {
        byRef.clear();
    }

    /// `{"key":{"metas":[…]}, …}`
    void writeTo(ByteArrayOutputStream out) {
        String separator = "";
        out.write('{');
        for (List<PresenceMeta> metas : byKey().values()) {
            out.writeBytes(ascii(separator));
            out.writeBytes(metas.getFirst().key().json());
            writeTo(out, metas);
            separator = ",";
        }
        out.write('}');
    }

    private static void writeTo(ByteArrayOutputStream out, List<PresenceMeta> metas) {
        String separator = ":{\"metas\":[";
        for (PresenceMeta meta : metas) {
            out.writeBytes(ascii(separator));
            meta.writeTo(out);
            separator = ",";
        }
        out.writeBytes(ascii("]}"));
    }

    private Map<String, List<PresenceMeta>> byKey() {
        Map<String, List<PresenceMeta>> byKey = new LinkedHashMap<>();
        byRef.values()
                .forEach(meta -> byKey.computeIfAbsent(meta.key().text(), _ -> new ArrayList<>(1))
                        .add(meta));
        return byKey;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }
}
