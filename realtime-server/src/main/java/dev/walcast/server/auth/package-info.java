/// Verifies tokens and keys, and returns the viewers that they stand for.
@NullMarked
package dev.walcast.server.auth;

import org.jspecify.annotations.NullMarked;
