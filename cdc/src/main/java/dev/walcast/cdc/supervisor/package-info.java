/// Keeps essential threads alive.
@NullMarked
package dev.walcast.cdc.supervisor;

import org.jspecify.annotations.NullMarked;
