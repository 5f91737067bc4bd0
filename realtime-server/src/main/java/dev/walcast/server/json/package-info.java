/// Reads JSON within bounds of depth, size and work. Knows no message of the protocol.
@NullMarked
package dev.walcast.server.json;

import org.jspecify.annotations.NullMarked;
