package dev.walcast.server.presence;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.request.PresencePush;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One tracked object, as clients receive it.
///
/// @param previousRef the ref of the published meta that this one replaces
/// @param payload     a JSON object without refs; shared, never modified
public record PresenceMeta(
        PresenceKey key, String ref, @Nullable String previousRef, byte[] payload) {
    private static final int EMPTY_OBJECT = 2;
    private static final int OVERHEAD_BYTES = 512;

    public PresenceMeta {
        requireNonNull(key, "key is null");
        requireNonNull(ref, "ref is null");
        requireNonNull(payload, "payload is null");
    }

    /// Whether the payload is the same object, with members in any order.
    boolean hasPayload(byte[] otherPayload) {
        return Arrays.equals(payload, otherPayload)
                || (payload.length == otherPayload.length && Json.isSame(Slice.of(payload), Slice.of(otherPayload)));
    }

    /// The size that counts for the topic's limit.
    int bytes() {
        return key.json().length + payload.length;
    }

    /// Its memory: the payload, its part of the encoded state, and the objects around it.
    long memoryBytes() {
        return OVERHEAD_BYTES + 2L * bytes();
    }

    void writeTo(ByteArrayOutputStream out) {
        out.writeBytes(("{\"" + PresencePush.REF + "\":\"" + ref + "\"").getBytes(US_ASCII));
        if (previousRef != null) {
            out.writeBytes((",\"" + PresencePush.PREVIOUS_REF + "\":\"" + previousRef + "\"").getBytes(US_ASCII));
        }
        if (payload.length > EMPTY_OBJECT) {
            out.write(',');
            out.write(payload, 1, payload.length - 1);
        } else {
            out.write('}');
        }
    }
}
