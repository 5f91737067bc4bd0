package dev.walcast.cdc.readers;

import dev.walcast.cdc.debezium.DebeziumChangeSource;
import dev.walcast.cdc.pgoutput.PgoutputChangeSource;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.SourceConfig;

/// The readers there are; what they promise is tested with each.
enum Reader {
    DEBEZIUM {
        @Override
        SlotSource source(SourceConfig config) {
            return new DebeziumChangeSource(config);
        }
    },
    NATIVE {
        @Override
        SlotSource source(SourceConfig config) {
            return new PgoutputChangeSource(config);
        }
    };

    abstract SlotSource source(SourceConfig config);
}
