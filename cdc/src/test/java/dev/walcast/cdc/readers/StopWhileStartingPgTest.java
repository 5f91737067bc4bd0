package dev.walcast.cdc.readers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.SlotSource;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.Parameter;

@EachReader
class StopWhileStartingPgTest extends SharedPostgresTest {
    /// The number of connections of a preflight before the slot is read.
    private static final int PREFLIGHT_CONNECTIONS = 2;

    @Parameter
    private Reader reader;

    @BeforeAll
    static void prepareDatabase() {
        postgres.execute("create publication p for all tables");
    }

    @Test
    void closeDoesNotWaitForAHangingConnect() throws Exception {
        try (FreezableProxy proxy = new FreezableProxy(postgres.port())) {
            PostgresUrl url = PostgresUrl.parse("postgres://postgres:x@127.0.0.1:" + proxy.port() + "/postgres");
            SlotSource source = reader.source(
                    SourceConfig.of(url, "p", "hangs_" + reader.name().toLowerCase(Locale.ROOT)));
            proxy.pass(PREFLIGHT_CONNECTIONS);
            source.start(new RecordingListener());
            await().until(() -> proxy.frozen() > 0);
            long began = System.nanoTime();
            source.close();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(5));
        }
    }
}
