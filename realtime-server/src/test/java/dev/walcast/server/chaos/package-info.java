/// Everything breaks, again and again, and nobody's rows may differ from what Postgres shows him in the end.
@NullMarked
package dev.walcast.server.chaos;

import org.jspecify.annotations.NullMarked;
