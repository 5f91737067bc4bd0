/// Reads a pgoutput slot with Debezium's embedded engine. No type of Debezium or Kafka Connect leaves this
/// package.
@NullMarked
package dev.walcast.cdc.debezium;

import org.jspecify.annotations.NullMarked;
