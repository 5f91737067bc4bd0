/// What is stored in `realtime.messages`, and its way to topics.
@NullMarked
package dev.walcast.server.messages;

import org.jspecify.annotations.NullMarked;
