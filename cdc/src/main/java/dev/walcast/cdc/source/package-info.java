/// What every reader of a replication slot shares: the checks before the start, supervision and reconnecting, whole
/// transactions, acknowledgement, and the catalog's types.
@NullMarked
package dev.walcast.cdc.source;

import org.jspecify.annotations.NullMarked;
