package dev.walcast.server.presence;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.request.PresencePush;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// One tracked object as everybody sees it.
///
/// @param previousRef of the published meta that this one takes the place of
/// @param payload     a JSON object without refs; shared, never written to
public record PresenceMeta(
        PresenceKey key, String ref, @Nullable String previousRef, byte[] payload) {
    private static final int EMPTY_OBJECT = 2;
    private static final int OVERHEAD_BYTES = 512;

    public PresenceMeta {
        requireNonNull(key, "key is null");
        requireNonNull(ref, "ref is null");
        requireNonNull(payload, "payload is null");
    }

    /// Whether it is the same object, in whatever order its members come.
    boolean says(byte[] otherPayload) {
        return Arrays.equals(payload, otherPayload)
                || (payload.length == otherPayload.length && Json.isSame(Slice.of(payload), Slice.of(otherPayload)));
    }

    /// What the room's limit is compared with.
    int bytes() {
        return key.json().length + payload.length;
    }

    /// What it takes in memory: itself, its part of the encoded state, and the objects around it.
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
