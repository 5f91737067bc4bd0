/// Parses HTTP/1.1 requests strictly and refuses ambiguous ones. Opens no sockets.
@NullMarked
package dev.walcast.server.http;

import org.jspecify.annotations.NullMarked;
