/// One socket's membership of one topic: its join, pushes and tokens, what it delivers, and its end.
@NullMarked
package dev.walcast.server.channel;

import org.jspecify.annotations.NullMarked;
