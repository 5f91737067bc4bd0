/// The definitions of tables, columns and types change while rows are written.
@NullMarked
package dev.walcast.server.definitions;

import org.jspecify.annotations.NullMarked;
