/// The wire protocol: messages to values and back. Knows nothing of sockets, threads or Postgres.
@NullMarked
package dev.walcast.server.protocol;

import org.jspecify.annotations.NullMarked;
