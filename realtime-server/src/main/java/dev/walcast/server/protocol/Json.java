package dev.walcast.server.protocol;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import org.jspecify.annotations.Nullable;

/// Small pieces of JSON for envelopes.
public final class Json {
    private Json() {}

    /// Appends a JSON string, or `null`.
    public static void append(StringBuilder out, @Nullable String text) {
        if (text == null) {
            out.append("null");
            return;
        }
        out.append('"');
        JsonStringEncoder.getInstance().quoteAsString(text, out);
        out.append('"');
    }

    /// Whether the bytes are one JSON value and nothing else.
    public static boolean isValid(byte[] bytes) {
        return FrameReader.isJson(bytes);
    }
}
