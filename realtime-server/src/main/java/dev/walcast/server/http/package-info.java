/// Reads HTTP/1.1 requests strictly: one that two readers could read differently is refused. Opens no sockets.
@NullMarked
package dev.walcast.server.http;

import org.jspecify.annotations.NullMarked;
