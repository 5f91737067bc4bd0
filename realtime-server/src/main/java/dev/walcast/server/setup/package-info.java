/// Prepares a database for a server: migrations of the schema `realtime`, grants, and partitions of its messages.
@NullMarked
package dev.walcast.server.setup;

import org.jspecify.annotations.NullMarked;
