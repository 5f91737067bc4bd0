package dev.walcast.cdc.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.SourceState;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.SourceConfig;
import dev.walcast.cdc.testing.RecordingListener;
import dev.walcast.cdc.testing.TestPostgres;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The waiting socket is wrapped in a socket that encrypts. Waiting must work through both.
class TlsPgTest {
    private static final char[] PASSWORD = "unimportant".toCharArray();

    @TempDir
    Path folder;

    @Test
    void encryptedConnectionCarriesLargeRowsAndPauses() throws Exception {
        RecordingListener listener = new RecordingListener();
        try (TestPostgres postgres = TestPostgres.start(certificate())) {
            postgres.execute("create table t (id int primary key, v text)", "create publication p for all tables");
            PostgresUrl url = PostgresUrl.parse(postgres.url() + "?sslmode=require");
            PgoutputChangeSource source = new PgoutputChangeSource(
                    SourceConfig.of(url, "p", "tls"), System::nanoTime, InstantSource.system());
            try (source) {
                source.start(listener);
                for (int i = 1; i <= 5; i++) {
                    postgres.execute("insert into t values (" + i + ", repeat('x', 300000))", "select pg_sleep(0.5)");
                }
                await().atMost(Duration.ofSeconds(30)).until(() -> listener.changes.size() == 5);
            }
        }
        assertThat(listener.changes)
                .allMatch(change -> ((Change.Insert) change).newRow().text(1).length() == 300_000);
        assertThat(listener.states).noneMatch(SourceState.Reconnecting.class::isInstance);
    }

    /// Returns Postgres' settings for a self-signed certificate, created by the JDK's keytool.
    private Map<String, String> certificate() throws Exception {
        Path store = folder.resolve("store.p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process made = new ProcessBuilder(
                        keytool,
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .inheritIO()
                .start();
        assertThat(made.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream stream = Files.newInputStream(store)) {
            keys.load(stream, PASSWORD);
        }
        Path key = pem("PRIVATE KEY", keys.getKey("a", PASSWORD).getEncoded());
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-------"));
        Path certificate = pem("CERTIFICATE", keys.getCertificate("a").getEncoded());
        return Map.of("ssl", "on", "ssl_key_file", key.toString(), "ssl_cert_file", certificate.toString());
    }

    private Path pem(String kind, byte[] encoded) throws Exception {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        return Files.writeString(
                folder.resolve(kind.replace(' ', '-') + ".pem"),
                "-----BEGIN " + kind + "-----\n" + body + "\n-----END " + kind + "-----\n");
    }
}
