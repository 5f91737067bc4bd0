/// Keys of rows, and which bindings know which key, so that a DELETE with only a key reaches its receivers.
@NullMarked
package dev.walcast.server.rowkeys;

import org.jspecify.annotations.NullMarked;
