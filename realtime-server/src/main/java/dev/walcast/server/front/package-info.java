/// Takes connections and lets only requests with one reading through to the HTTP engine.
@NullMarked
package dev.walcast.server.front;

import org.jspecify.annotations.NullMarked;
