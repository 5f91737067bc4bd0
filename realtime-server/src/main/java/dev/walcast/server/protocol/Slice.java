package dev.walcast.server.protocol;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Part of a received frame. The bytes are shared and never written to.
public record Slice(byte[] bytes, int offset, int length) {
    public Slice {
        requireNonNull(bytes, "bytes is null");
        checkFromIndexSize(offset, length, bytes.length);
    }

    public static Slice of(byte[] bytes) {
        return new Slice(bytes, 0, bytes.length);
    }

    /// Whether the JSON value in here is an object.
    public boolean isObject() {
        return length > 0 && bytes[offset] == '{';
    }

    /// Whether the JSON value in here is an array.
    boolean isArray() {
        return length > 0 && bytes[offset] == '[';
    }

    /// Whether the JSON value in here is a string.
    boolean isString() {
        return length > 0 && bytes[offset] == '"';
    }

    /// Whether the JSON value in here is null.
    boolean isNull() {
        return length > 0 && bytes[offset] == 'n';
    }

    /// Always a copy, so that a small slice never keeps a large frame alive.
    byte[] copy() {
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    String text() {
        return new String(bytes, offset, length, StandardCharsets.UTF_8);
    }
}
