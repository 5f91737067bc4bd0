package dev.walcast.cdc.readers;

import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.util.stream.Stream;

/// The readers there are; what they promise is tested with each.
enum Reader {
    DEBEZIUM {
        @Override
        SlotSource source(SourceConfig config) {
            return new DebeziumChangeSource(config);
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
            return new PgoutputChangeSource(config);
        }

        @Override
        Stream<String> questions() {
            return Stream.of("walcast reader", "wal_sender_timeout", "START_REPLICATION", "pg_partition_root");
        }
    };

    abstract SlotSource source(SourceConfig config);

    /// What it asks Postgres before it delivers the first row, each known by a part of the message.
    abstract Stream<String> questions();
}
