/// Changes of the definitions of tables, columns and types while rows are written.
@NullMarked
package dev.walcast.server.definitions;

import org.jspecify.annotations.NullMarked;
