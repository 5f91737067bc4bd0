package dev.walcast.server.acks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Topic;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Identifies a cursor by its holder, topic and binding, as a digest: the stored text tells nothing about the holder.
public record CursorKey(String digest) {
    public CursorKey {
        requireNonNull(digest, "digest is null");
    }

    /// @param holder the one that acknowledges; different holders never share a cursor
    /// @param name   of the binding
    public static CursorKey of(String holder, Topic topic, String name) {
        try {
            MessageDigest sha = MessageDigest.getInstance("SHA-256");
            for (String part : new String[] {holder, topic.text(), name}) {
                byte[] bytes = part.getBytes(UTF_8);
                sha.update(
                        ByteBuffer.allocate(Integer.BYTES).putInt(bytes.length).array());
                sha.update(bytes);
            }
            return new CursorKey(HexFormat.of().formatHex(sha.digest()));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
