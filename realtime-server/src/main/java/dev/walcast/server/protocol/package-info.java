/// The wire protocol: text and bytes in, values out, and back. No sockets, no Postgres, no threads.
@NullMarked
package dev.walcast.server.protocol;

import org.jspecify.annotations.NullMarked;
