/// The messages stored in `realtime.messages`, and their way to topics.
@NullMarked
package dev.walcast.server.messages;

import org.jspecify.annotations.NullMarked;
