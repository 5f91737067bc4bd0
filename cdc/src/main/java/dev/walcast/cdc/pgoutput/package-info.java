/// The fast change source: Postgres' replication stream read and decoded here, without a poll interval, every value
/// as Postgres sent it. Nothing of Debezium is needed.
@NullMarked
package dev.walcast.cdc.pgoutput;

import org.jspecify.annotations.NullMarked;
