/// The change source that people trust: Debezium's embedded engine, reading a pgoutput slot. No Debezium or Kafka
/// Connect type leaves this package.
@NullMarked
package dev.walcast.cdc.debezium;

import org.jspecify.annotations.NullMarked;
