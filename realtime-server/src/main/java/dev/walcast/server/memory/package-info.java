/// Counts the bytes that clients make the server hold, against one budget.
@NullMarked
package dev.walcast.server.memory;

import org.jspecify.annotations.NullMarked;
