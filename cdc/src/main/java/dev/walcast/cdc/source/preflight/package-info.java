/// Checks a database before a source reads it, and prepares its replication slots, publications and feed mark.
@NullMarked
package dev.walcast.cdc.source.preflight;

import org.jspecify.annotations.NullMarked;
