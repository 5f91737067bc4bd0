/// Reads JSON within bounds of depth, size and work. Independent of the protocol's messages.
@NullMarked
package dev.walcast.server.json;

import org.jspecify.annotations.NullMarked;
