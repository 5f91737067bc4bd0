/// Reads a replication slot and delivers its transactions: what both readers share. It supervises and
/// reconnects the reader, collects whole transactions, and acknowledges them.
@NullMarked
package dev.walcast.cdc.source;

import org.jspecify.annotations.NullMarked;
