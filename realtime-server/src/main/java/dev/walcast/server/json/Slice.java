package dev.walcast.server.json;

import static java.util.Objects.checkFromIndexSize;
import static java.util.Objects.requireNonNull;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// A part of a received frame. The bytes are shared and never modified.
public record Slice(byte[] bytes, int offset, int length) {
    public Slice {
        requireNonNull(bytes, "bytes is null");
        checkFromIndexSize(offset, length, bytes.length);
    }

    /// A slice of all bytes, which are not copied.
    public static Slice of(byte[] bytes) {
        return new Slice(bytes, 0, bytes.length);
    }

    /// Whether the JSON value is an object.
    public boolean isObject() {
        return length > 0 && bytes[offset] == '{';
    }

    /// Whether the JSON value is an array.
    public boolean isArray() {
        return length > 0 && bytes[offset] == '[';
    }

    /// Whether the JSON value is a string.
    public boolean isString() {
        return length > 0 && bytes[offset] == '"';
    }

    /// Whether the JSON value is null.
    public boolean isNull() {
        return length > 0 && bytes[offset] == 'n';
    }

    /// Returns a copy, so that a small slice does not keep a large frame alive.
    public byte[] copy() {
        return Arrays.copyOfRange(bytes, offset, offset + length);
    }

    /// The bytes as text. They must be UTF-8.
    public String text() {
        return new String(bytes, offset, length, StandardCharsets.UTF_8);
    }
}
