package dev.walcast.cdc.debezium;

import dev.walcast.cdc.source.DatabaseEncoding;
import io.debezium.config.Configuration;
import io.debezium.connector.base.QueueProviderService;
import io.debezium.connector.common.CdcSourceTaskContext;
import io.debezium.connector.postgresql.PostgresConnector;
import io.debezium.connector.postgresql.PostgresConnectorConfig;
import io.debezium.connector.postgresql.PostgresConnectorConfig.AutoCreateMode;
import io.debezium.connector.postgresql.PostgresConnectorTask;
import io.debezium.connector.postgresql.PostgresSchema;
import io.debezium.connector.postgresql.connection.PostgresConnection;
import io.debezium.connector.postgresql.connection.ReplicationConnection;
import io.debezium.jdbc.JdbcConnection;
import io.debezium.pipeline.DataChangeEvent;
import io.debezium.service.spi.ServiceProvider;
import io.debezium.service.spi.ServiceRegistry;
import java.sql.SQLException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceRecord;

/// Debezium's connector, reading several publications through one slot. Postgres takes a list of them; Debezium hands
/// its setting on as it is, but first looks for one publication of that name.
///
/// Made by name by the engine, hence public.
public final class PublicationsConnector extends PostgresConnector {
    /// The one that Debezium is to look for; `publication.name` holds the list.
    static final String FIRST_PUBLICATION = "walcast.first.publication";

    /// A [DatabaseEncoding] as text.
    static final String ENCODING = "walcast.encoding";

    /// The secret of [Notes].
    static final String NOTES = "walcast.notes";

    @Override
    public Class<? extends Task> taskClass() {
        return PublicationsTask.class;
    }

    /// Made by name by the engine, hence public.
    public static final class PublicationsTask extends PostgresConnectorTask {
        /// So long may it take until a failure of the reader is noticed.
        private static final Duration WAIT_MAX = Duration.ofMillis(250);

        private final WaitableQueue<DataChangeEvent> queue = new WaitableQueue<>();
        private String firstPublication = "";
        private Duration statusInterval = Duration.ZERO;
        private DatabaseEncoding encoding = DatabaseEncoding.UTF8;
        private Notes notes = Notes.fresh();

        @Override
        public CdcSourceTaskContext<PostgresConnectorConfig> preStart(Configuration config) {
            firstPublication = config.getString(FIRST_PUBLICATION);
            encoding = DatabaseEncoding.parse(config.getString(ENCODING));
            notes = new Notes(config.getString(NOTES));
            statusInterval = config.getDuration(PostgresConnectorConfig.STATUS_UPDATE_INTERVAL_MS, ChronoUnit.MILLIS);
            return super.preStart(config);
        }

        @Override
        protected void registerServiceProviders(ServiceRegistry registry) {
            super.registerServiceProviders(registry);
            registry.registerServiceProvider(new ServiceProvider<QueueProviderService>() {
                @Override
                public Class<QueueProviderService> getServiceClass() {
                    return QueueProviderService.class;
                }

                @Override
                public QueueProviderService createService(Configuration config, ServiceRegistry services) {
                    return new QueueProviderService(queue);
                }
            });
        }

        @Override
        public List<SourceRecord> doPoll() throws InterruptedException {
            queue.await(WAIT_MAX);
            return super.doPoll();
        }

        @Override
        protected ReplicationConnection buildReplicationConnection(
                PostgresConnection metadata, PostgresSchema schema, PostgresConnectorConfig config)
                throws SQLException {
            ReplicationConnection connection = ReplicationConnection.builder(config)
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
            if (!encoding.isConvertedByPostgres()) {
                ((JdbcConnection) connection).execute("set client_encoding = '" + encoding.clientEncoding() + "'");
            }
            DecoderField.replace(
                    connection, decoder -> new GuardedDecoder(decoder, new TextTypes(metadata), encoding, notes));
            return connection;
        }
    }
}
