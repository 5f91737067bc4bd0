/// The server itself: the composition root, its settings as values, connection pools and health routes.
@NullMarked
package dev.walcast.server;

import org.jspecify.annotations.NullMarked;
