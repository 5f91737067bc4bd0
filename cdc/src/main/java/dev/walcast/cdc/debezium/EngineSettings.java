package dev.walcast.cdc.debezium;

import dev.walcast.cdc.HeapShares;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.DatabaseEncoding;
import dev.walcast.cdc.source.connection.ReaderSocketFactory;
import dev.walcast.cdc.source.connection.ReaderSockets;
import dev.walcast.cdc.source.connection.SourceConfig;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/// Creates Debezium's configuration.
final class EngineSettings {
    /// The end of the name of transaction topics. Topics only distinguish transaction records from others here.
    private static final String TRANSACTION_TOPIC = ".transaction";

    /// Session settings for the texts that Postgres sends, because the database or the role may have others.
    /// The last one limits how long Postgres may wait for a message from the reader.
    private static final String SESSION_OPTIONS =
            "-c DateStyle=ISO -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1"
                    + " -c wal_sender_timeout=60s";

    private static final HeapShares HEAP = HeapShares.ofThisProcess();

    private EngineSettings() {}

    /// Whether a record is the begin or end of a transaction. A table's topic has two dots.
    static boolean isTransactionTopic(String topic) {
        return topic.endsWith(TRANSACTION_TOPIC) && topic.indexOf('.') == topic.length() - TRANSACTION_TOPIC.length();
    }

    private static final String DRIVER = "driver.";

    /// @param publications the configured one first
    /// @param sockets      own the engine's sockets
    static Properties of(
            SourceConfig config,
            List<String> publications,
            DatabaseEncoding encoding,
            DecoderNotes notes,
            ReaderSockets sockets) {
        PostgresUrl url = config.url();
        String address = url.address();
        int lastPort = address.lastIndexOf(':');
        Properties properties = new Properties();
        url.parameters().forEach((name, value) -> properties.setProperty(DRIVER + name, value));
        sockets.addTo(properties, DRIVER, ReaderSocketFactory.class);
        properties.putIfAbsent(DRIVER + "connectTimeout", "10");
        properties.putIfAbsent(DRIVER + "socketTimeout", "60");
        properties.putAll(Map.of(
                // The name in JMX: two engines of one name in a process would wait for each other for a minute.
                "name",
                "walcast-" + config.slotName(),
                "topic.prefix",
                "walcast-" + config.slotName(),
                "connector.class",
                PublicationsConnector.class.getName(),
                // Debezium writes a colon and the port behind the host; together they are the list of all hosts.
                "database.hostname",
                address.substring(0, lastPort),
                "database.port",
                address.substring(lastPort + 1),
                "database.user",
                url.user(),
                "database.dbname",
                url.database(),
                DRIVER + "options",
                (url.parameters().getOrDefault("options", "") + " " + SESSION_OPTIONS).strip()));
        // With this path, Debezium's own statements call nothing that a user made. It is not set on the connection
        // that reads the log, where the path decides how a regclass is printed.
        properties.setProperty("database.initial.statements", "set search_path = pg_catalog");
        properties.setProperty("database.connection.factory.class", BuiltInTypesFactory.class.getName());
        String password = url.password();
        if (password != null) {
            properties.setProperty("database.password", password);
        }
        properties.setProperty(PublicationsConnector.FIRST_PUBLICATION, publications.getFirst());
        properties.setProperty(PublicationsConnector.ENCODING, encoding.toString());
        properties.setProperty(PublicationsConnector.NOTES, notes.secret());
        // With this filter, Debezium reads none of the database's tables from the catalog at its start.
        properties.setProperty("table.include.list", notes.schema() + "\\.oid[0-9]+");
        // Without this, the driver ends the connection when Postgres sends bytes unconverted.
        properties.setProperty("driver.allowEncodingChanges", "true");
        properties.setProperty("publication.name", Identifier.list(publications));
        properties.putAll(reading(config));
        properties.putAll(whatIsRead());
        return properties;
    }

    /// The slot's confirmed position is the only offset. The offset in memory need not survive the process.
    private static Map<String, String> reading(SourceConfig config) {
        return Map.of(
                "plugin.name", "pgoutput",
                "slot.name", config.slotName(),
                "slot.drop.on.stop", "false",
                // The source decides about further attempts.
                "slot.max.retries", "0",
                "publication.autocreate.mode", "disabled",
                "snapshot.mode", "no_data",
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
                "offset.flush.interval.ms", "0",
                // Only a batch size of one wakes Debezium's consumer when a change arrives.
                "max.batch.size", "1",
                "poll.interval.ms", Long.toString(config.pollInterval().toMillis()));
    }

    private static Map<String, String> whatIsRead() {
        return Map.ofEntries(
                // Debezium acknowledges within a second; its default is ten seconds.
                Map.entry("status.update.interval.ms", "1000"),
                Map.entry("max.queue.size", Integer.toString(HEAP.queueRecords())),
                Map.entry("max.queue.size.in.bytes", Long.toString(HEAP.queueBytes())),
                Map.entry("provide.transaction.metadata", "true"),
                Map.entry("skipped.operations", "none"),
                Map.entry("tombstones.on.delete", "false"),
                Map.entry("include.unknown.datatypes", "true"),
                Map.entry("converters", "text"),
                Map.entry("text.type", TextConverter.class.getName()),
                // The source supervises the engine and decides about further attempts.
                Map.entry("errors.max.retries", "0"));
    }
}
