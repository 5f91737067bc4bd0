/// WebSocket frames: bytes to messages and back, and how fast the server reads them.
@NullMarked
package dev.walcast.server.frames;

import org.jspecify.annotations.NullMarked;
