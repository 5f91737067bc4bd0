/// Open WebSockets: upgrades, reading, queues, writing, and every way a socket ends.
@NullMarked
package dev.walcast.server.socket;

import org.jspecify.annotations.NullMarked;
