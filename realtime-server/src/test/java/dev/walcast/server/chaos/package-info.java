/// Breaks every part repeatedly. At the end each client must have the rows that Postgres shows it.
@NullMarked
package dev.walcast.server.chaos;

import org.jspecify.annotations.NullMarked;
