/// Reads and decodes Postgres' replication stream itself: without a poll interval, every value as Postgres sent
/// it. Needs nothing of Debezium.
@NullMarked
package dev.walcast.cdc.pgoutput;

import org.jspecify.annotations.NullMarked;
