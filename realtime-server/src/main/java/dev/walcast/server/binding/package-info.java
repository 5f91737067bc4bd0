/// Checks a binding against the database, and words why it cannot be served.
@NullMarked
package dev.walcast.server.binding;

import org.jspecify.annotations.NullMarked;
