/// What is kept in `realtime.messages`: its schema and partitions, what is stored there, and its way to the channels.
@NullMarked
package dev.walcast.server.messages;

import org.jspecify.annotations.NullMarked;
