/// The slot seen from outside: that it holds no more log than it must, and that its reader is alive.
@NullMarked
package dev.walcast.cdc.slot;

import org.jspecify.annotations.NullMarked;
