/// Reads the rows that a binding begins with.
@NullMarked
package dev.walcast.server.snapshot;

import org.jspecify.annotations.NullMarked;
