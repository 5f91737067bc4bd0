/// Thousands of WebSocket clients in one thread, the same for every server that is measured.
@NullMarked
package dev.walcast.bench.load;

import org.jspecify.annotations.NullMarked;
