package dev.walcast.cdc.debezium;

import dev.walcast.cdc.HeapShares;
import dev.walcast.cdc.Identifier;
import dev.walcast.cdc.PostgresUrl;
import dev.walcast.cdc.source.DatabaseEncoding;
import dev.walcast.cdc.source.ReaderSocketFactory;
import dev.walcast.cdc.source.ReaderSockets;
import dev.walcast.cdc.source.SourceConfig;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/// What Debezium is told.
final class EngineSettings {
    /// How the topics of transaction records end; topics are of no use here but for telling these from others.
    private static final String TRANSACTION_TOPIC = ".transaction";

    /// The texts that Postgres sends depend on these, and the database or the role may have others. The last one says
    /// how long Postgres may go without hearing of us.
    private static final String SESSION_OPTIONS =
            "-c DateStyle=ISO -c IntervalStyle=postgres -c bytea_output=hex -c extra_float_digits=1"
                    + " -c wal_sender_timeout=60s";

    private static final HeapShares HEAP = HeapShares.ofThisProcess();

    private EngineSettings() {}

    /// Whether a record tells of a transaction's begin or end. A table's topic has two dots.
    static boolean isTransactionTopic(String topic) {
        return topic.endsWith(TRANSACTION_TOPIC) && topic.indexOf('.') == topic.length() - TRANSACTION_TOPIC.length();
    }

    private static final String DRIVER = "driver.";

    /// @param publications the configured one first
    /// @param sockets      where the engine's sockets belong
    static Properties of(
            SourceConfig config,
            List<String> publications,
            DatabaseEncoding encoding,
            Notes notes,
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
                // Debezium's names in JMX: two engines of one name in a process would wait for each other for a minute.
                "name",
                "walcast-" + config.slotName(),
                "topic.prefix",
                "walcast-" + config.slotName(),
                "connector.class",
                PublicationsConnector.class.getName(),
                // Debezium writes a colon and the port behind the host: together they are the list of all hosts.
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
        // Debezium's own statements call nothing that a user made. Not on the connection that reads the log: there the
        // path decides how a regclass is printed.
        properties.setProperty("database.initial.statements", "set search_path = pg_catalog");
        properties.setProperty("database.connection.factory.class", BuiltInTypes.class.getName());
        String password = url.password();
        if (password != null) {
            properties.setProperty("database.password", password);
        }
        properties.setProperty(PublicationsConnector.FIRST_PUBLICATION, publications.getFirst());
        properties.setProperty(PublicationsConnector.ENCODING, encoding.toString());
        properties.setProperty(PublicationsConnector.NOTES, notes.secret());
        // So that Debezium reads none of the database's tables from the catalog at its start.
        properties.setProperty("table.include.list", notes.schema() + "\\.oid[0-9]+");
        // Else the driver ends the connection when Postgres sends bytes as they are.
        properties.setProperty("driver.allowEncodingChanges", "true");
        properties.setProperty("publication.name", Identifier.list(publications));
        properties.putAll(reading(config));
        properties.putAll(whatIsRead());
        return properties;
    }

    /// The slot's own confirmed position is the only offset: what is kept in memory dies with the process, as it
    /// should.
    private static Map<String, String> reading(SourceConfig config) {
        return Map.of(
                "plugin.name", "pgoutput",
                "slot.name", config.slotName(),
                "slot.drop.on.stop", "false",
                // The source decides when to try again.
                "slot.max.retries", "0",
                "publication.autocreate.mode", "disabled",
                "snapshot.mode", "no_data",
                "offset.storage", "org.apache.kafka.connect.storage.MemoryOffsetBackingStore",
                "offset.flush.interval.ms", "0",
                // Nothing but a batch of one wakes Debezium's consumer when a change arrives.
                "max.batch.size", "1",
                "poll.interval.ms", Long.toString(config.pollInterval().toMillis()));
    }

    private static Map<String, String> whatIsRead() {
        return Map.ofEntries(
                // Postgres hears within a second what is handled; Debezium's default makes it ten.
                Map.entry("status.update.interval.ms", "1000"),
                Map.entry("max.queue.size", Integer.toString(HEAP.queueRecords())),
                Map.entry("max.queue.size.in.bytes", Long.toString(HEAP.queueBytes())),
                Map.entry("provide.transaction.metadata", "true"),
                Map.entry("skipped.operations", "none"),
                Map.entry("tombstones.on.delete", "false"),
                Map.entry("include.unknown.datatypes", "true"),
                Map.entry("converters", "text"),
                Map.entry("text.type", TextConverter.class.getName()),
                // Whoever supervises the engine decides when to try again.
                Map.entry("errors.max.retries", "0"));
    }
}
