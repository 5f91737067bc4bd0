package dev.walcast.server.http;

import io.helidon.common.buffers.BufferData;
import java.util.function.UnaryOperator;

/// Changes an answer on its way.
interface AnswerFilter extends UnaryOperator<BufferData> {
    AnswerFilter NONE = buffer -> buffer;
}
