package dev.walcast.cdc.debezium;

import io.debezium.config.Configuration;
import io.debezium.connector.common.CdcSourceTaskContext;
import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorConfig.AutoCreateMode;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import org.apache.kafka.connect.connector.Task;

/// Debezium's connector, reading several publications through one slot. Postgres takes a list of them; Debezium hands
/// its setting on as it is, but first looks for one publication of that name.
///
/// Made by name by the engine, hence public.
public final class PublicationsConnector extends PostgresConnector {
    /// The one that Debezium is to look for; `publication.name` holds the list.
    static final String FIRST_PUBLICATION = "walcast.first.publication";

    @Override
    public Class<? extends Task> taskClass() {
        return PublicationsTask.class;
    }

    /// Made by name by the engine, hence public.
    public static final class PublicationsTask extends PostgresConnectorTask {
        private String firstPublication = "";
        private Duration statusInterval = Duration.ZERO;

        @Override
        public CdcSourceTaskContext<PostgresConnectorConfig> preStart(Configuration config) {
            firstPublication = config.getString(FIRST_PUBLICATION);
            statusInterval = config.getDuration(PostgresConnectorConfig.STATUS_UPDATE_INTERVAL_MS, ChronoUnit.MILLIS);
            return super.preStart(config);
        }

        @Override
        protected ReplicationConnection buildReplicationConnection(
                PostgresConnection metadata, PostgresSchema schema, PostgresConnectorConfig config)
                throws SQLException {
            return ReplicationConnection.builder(config)
                    .withSlot(config.slotName())
                    .withPublication(firstPublication)
                    .withPublicationAutocreateMode(AutoCreateMode.DISABLED)
                    .withTableFilter(config.getTableFilters())
                    .withPlugin(config.plugin())
                    // The builder's own default would throw away what was not read yet.
                    .dropSlotOnClose(false)
                    .statusUpdateInterval(statusInterval)
                    .withTypeRegistry(metadata.getTypeRegistry())
                    .withSchema(schema)
                    .jdbcMetadataConnection(metadata)
                    .build();
        }
    }
}
