/// WebSocket on Helidon's connections: frames in, frames out, and every way a socket ends. Moves messages without
/// looking into them.
@NullMarked
package dev.walcast.server.socket;

import org.jspecify.annotations.NullMarked;
