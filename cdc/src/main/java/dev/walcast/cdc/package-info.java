/// The types of the change feed: what a reader of the write-ahead log delivers, and what all other code uses.
///
/// They depend on neither Debezium, Kafka Connect, a JSON library nor sockets. Each reader of the log has a
/// package of its own, which only the composition root uses. [text][dev.walcast.cdc.text] renders values,
/// [postgres][dev.walcast.cdc.postgres] names databases and their objects, [types][dev.walcast.cdc.types] reads
/// the catalog, [source][dev.walcast.cdc.source] holds what all readers share, [slot][dev.walcast.cdc.slot]
/// watches the slot, and [supervisor][dev.walcast.cdc.supervisor] keeps threads running.
@NullMarked
package dev.walcast.cdc;

import org.jspecify.annotations.NullMarked;
