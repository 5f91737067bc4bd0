package dev.walcast.cdc.debezium;

import dev.walcast.cdc.source.connection.DatabaseEncoding;
import io.debezium.config.Configuration;
import io.debezium.config.Field;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.SourceRecord;
import org.jspecify.annotations.Nullable;

/// Debezium's connector for several publications through one slot. Postgres accepts a list of publications, and
/// Debezium passes its setting on unchanged. But first it looks for one publication of that name.
///
/// The engine creates this class by its name, so it is public.
public final class PublicationsConnector extends PostgresConnector {
    /// The publication that Debezium looks for; `publication.name` holds the list.
    static final String FIRST_PUBLICATION = "walcast.first.publication";

    /// A [DatabaseEncoding] as text.
    static final String ENCODING = "walcast.encoding";

    /// The secret of [DecoderNotes].
    static final String NOTES = "walcast.notes";

    /// Replaces Debezium's check, which allows only one host name. Here the name is a list of hosts with ports,
    /// or an IPv6 address, for the JDBC URL.
    @Override
    protected Map<String, ConfigValue> validateAllFields(Configuration config) {
        return super.validateAllFields(
                config.edit().with(PostgresConnectorConfig.HOSTNAME, "walcast").build());
    }

    /// Does nothing, because the preflight has already connected.
    @Override
    protected void validateConnection(Map<String, ConfigValue> values, Configuration config) {}

    @Override
    public Class<? extends Task> taskClass() {
        return PublicationsTask.class;
    }

    /// The engine creates this class by its name, so it is public.
    public static final class PublicationsTask extends PostgresConnectorTask {
        /// The longest time until a failure of the reader is noticed.
        private static final Duration WAIT_MAX = Duration.ofMillis(250);

        private final WaitableQueue<DataChangeEvent> queue = new WaitableQueue<>();
        private String firstPublication = "";
        private Duration statusInterval = Duration.ZERO;
        private volatile @Nullable TrackedReplication replication;
        private @Nullable SourceRecord polled;
        private DatabaseEncoding encoding = DatabaseEncoding.UTF8;
        private DecoderNotes notes = DecoderNotes.fresh();

        @Override
        public CdcSourceTaskContext<PostgresConnectorConfig> preStart(Configuration config) {
            firstPublication = config.getString(FIRST_PUBLICATION);
            encoding = DatabaseEncoding.parse(config.getString(ENCODING));
            notes = new DecoderNotes(config.getString(NOTES));
            statusInterval = config.getDuration(PostgresConnectorConfig.STATUS_UPDATE_INTERVAL_MS, ChronoUnit.MILLIS);
            return super.preStart(config);
        }

        /// Validates all settings except the host's name; see [PublicationsConnector].
        @Override
        protected Iterable<Field> getAllConfigurationFields() {
            List<Field> fields = new ArrayList<>();
            super.getAllConfigurationFields().forEach(fields::add);
            fields.removeIf(field -> field.name().equals(PostgresConnectorConfig.HOSTNAME.name()));
            return fields;
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
            // The engine polls when the consumer has processed the records of the last poll.
            tellApplied();
            queue.await(WAIT_MAX);
            List<SourceRecord> records = super.doPoll();
            polled = records == null || records.isEmpty() ? null : records.getLast();
            return records;
        }

        private void tellApplied() {
            SourceRecord last = polled;
            TrackedReplication connection = replication;
            if (last != null && connection != null && BatchConsumer.isEnd(last)) {
                connection.applied(BatchConsumer.commit(last).lsn());
            }
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
                    // The builder's own default would discard records that were not read yet.
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
            TrackedReplication tracked = new TrackedReplication(connection);
            replication = tracked;
            return tracked;
        }
    }
}
