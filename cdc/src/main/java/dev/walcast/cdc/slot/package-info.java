/// Watches the slot: it must not retain more log than necessary, and its reader must make progress.
@NullMarked
package dev.walcast.cdc.slot;

import org.jspecify.annotations.NullMarked;
