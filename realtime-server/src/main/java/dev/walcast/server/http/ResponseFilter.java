package dev.walcast.server.http;

import io.helidon.common.buffers.BufferData;
import java.util.function.UnaryOperator;

/// Edits the bytes of a response.
interface ResponseFilter extends UnaryOperator<BufferData> {
    ResponseFilter NONE = buffer -> buffer;
}
