/// WebSocket on Helidon's web server: the upgrade, the frame codec, one reader and one writer for each connection.
@NullMarked
package dev.walcast.server.socket;

import org.jspecify.annotations.NullMarked;
