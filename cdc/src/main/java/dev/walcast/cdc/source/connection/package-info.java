/// Connects a source to Postgres: settings, connections, sockets, the database's encoding, and the explanation
/// of errors.
@NullMarked
package dev.walcast.cdc.source.connection;

import org.jspecify.annotations.NullMarked;
