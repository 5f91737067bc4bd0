/// WebSocket frames: from bytes to messages and back, and the pace of reading them.
@NullMarked
package dev.walcast.server.frames;

import org.jspecify.annotations.NullMarked;
