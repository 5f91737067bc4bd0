/// Changes and broadcasts as server-sent events, for `curl` and `EventSource`.
@NullMarked
package dev.walcast.server.sse;

import org.jspecify.annotations.NullMarked;
