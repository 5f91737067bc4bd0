/// The vocabulary of the change feed: what a reader of the write-ahead log delivers and everything downstream speaks.
///
/// Pure Java: no Debezium, no Kafka Connect, no JSON library, no sockets. A reader of the log lives in a sub-package
/// and nothing but the composition root sees it.
@NullMarked
package dev.walcast.cdc;

import org.jspecify.annotations.NullMarked;
