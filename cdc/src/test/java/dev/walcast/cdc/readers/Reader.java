package dev.walcast.cdc.readers;

import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.time.InstantSource;
import java.util.stream.Stream;

/// The readers. Every test of this package runs with each of them.
enum Reader {
    DEBEZIUM {
        @Override
        SlotSource source(SourceConfig config) {
            return new DebeziumChangeSource(config, System::nanoTime);
        }

        @Override
        Stream<String> questions() {
            return Stream.of(
                    "Debezium General", "typelem", "Debezium Streaming", "START_REPLICATION", "pg_partition_root");
        }
    },
    NATIVE {
        @Override
        SlotSource source(SourceConfig config) {
            return new PgoutputChangeSource(config, System::nanoTime, InstantSource.system());
        }

        @Override
        Stream<String> questions() {
            return Stream.of("walcast reader", "wal_sender_timeout", "START_REPLICATION", "pg_partition_root");
        }
    };

    abstract SlotSource source(SourceConfig config);

    /// Returns parts of the messages that it sends to Postgres before it delivers the first row.
    abstract Stream<String> questions();
}
