package dev.walcast.server.http;

import io.helidon.common.buffers.BufferData;
import java.util.function.UnaryOperator;

/// Edits the bytes of a response.
interface AnswerFilter extends UnaryOperator<BufferData> {
    AnswerFilter NONE = buffer -> buffer;
}
