/// Keys of rows, and which bindings know them, so that a DELETE that carries only a key reaches its receivers.
@NullMarked
package dev.walcast.server.rowkeys;

import org.jspecify.annotations.NullMarked;
