package dev.walcast.cdc.testing;

import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.postgres.PostgresUrl;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A real Postgres for tests, ready for logical replication. The superuser is `postgres` and needs no password.
public final class TestPostgres implements AutoCloseable {
    private final Path data;
    private final Map<String, String> config;
    private EmbeddedPostgres postgres;

    /// The folder that `initdb` created, once for all tests of a JVM: a copy is several times faster.
    private static final class Template {
        private static final Path DATA = make();

        private static Path make() {
            try {
                Path data = Files.createTempDirectory("walcast-test-template");
                Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(data)));
                new TestPostgres(data, Map.of("listen_addresses", "127.0.0.1"), 0).stop();
                return data;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private TestPostgres(Path data, Map<String, String> config, int port) {
        this.data = data;
        this.config = config;
        this.postgres = start(port);
    }

    public static TestPostgres start() {
        return start(Map.of());
    }

    /// @param config settings of Postgres in addition to, or in place of, the defaults
    public static TestPostgres start(Map<String, String> config) {
        Map<String, String> all = new LinkedHashMap<>(Map.of(
                "wal_level", "logical",
                "max_replication_slots", "100",
                "max_wal_senders", "40",
                "max_connections", "100",
                "unix_socket_directories", "",
                "listen_addresses", "127.0.0.1"));
        all.putAll(config);
        try {
            Path data = Files.createTempDirectory("walcast-test-postgres");
            copy(Template.DATA, data);
            return new TestPostgres(data, all, 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Starts a streaming standby of this server, with a data folder of its own. It must be closed before this
    /// server.
    public TestPostgres standby() {
        try (Connection connection = connect();
                Statement statement = connection.createStatement()) {
            Path copy = Files.createTempDirectory("walcast-test-standby");
            statement.execute("select pg_backup_start('standby', true)");
            copy(data, copy);
            try (ResultSet row = statement.executeQuery("select labelfile from pg_backup_stop()")) {
                row.next();
                Files.writeString(copy.resolve("backup_label"), row.getString(1));
            }
            Files.createFile(copy.resolve("standby.signal"));
            Files.writeString(
                    copy.resolve("postgresql.auto.conf"),
                    "primary_conninfo = 'host=127.0.0.1 port=" + port() + " user=postgres'\n",
                    StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
            return new TestPostgres(copy, config, 0);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// The running server may remove files while they are copied.
    private static void copy(Path from, Path copy) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = from.relativize(file).toString();
                if (name.isEmpty() || name.startsWith("postmaster.") || name.startsWith("epg-lock")) {
                    continue;
                }
                try {
                    Files.copy(file, copy.resolve(name), StandardCopyOption.COPY_ATTRIBUTES);
                } catch (NoSuchFileException _) {
                    // Postgres replays its log from before the copy was begun.
                }
            }
        }
    }

    private EmbeddedPostgres start(int port) {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setDataDirectory(data.toFile())
                .setCleanDataDirectory(false)
                .setPGStartupWait(Duration.ofSeconds(60))
                .setOutputRedirector(ProcessBuilder.Redirect.appendTo(log().toFile()))
                .setErrorRedirector(ProcessBuilder.Redirect.appendTo(log().toFile()));
        config.forEach(builder::setServerConfig);
        if (port != 0) {
            builder.setPort(port);
        }
        try {
            return builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Returns Postgres' log; with `log_statement=all` it has every statement.
    public Path log() {
        return data.resolveSibling(data.getFileName() + ".log");
    }

    public int port() {
        return postgres.getPort();
    }

    /// Connects to the database `postgres` as superuser.
    public String url() {
        return url("postgres", "postgres", "unchecked", "postgres");
    }

    public String url(String database) {
        return url("postgres", "postgres", "unchecked", database);
    }

    /// @param scheme unused by most tests, `postgres`
    public String url(String scheme, String user, String password, String database) {
        return scheme + "://" + user + ":" + password + "@127.0.0.1:" + port() + "/" + database;
    }

    public Connection connect() throws SQLException {
        return connect("postgres");
    }

    public Connection connect(String database) throws SQLException {
        PostgresUrl url = PostgresUrl.parse(url(database));
        return DriverManager.getConnection(url.jdbcUrl(), url.properties());
    }

    /// Returns the major version: 18, or that of `-Dversion.postgres-binaries=15.19.0`.
    public int majorVersion() {
        try (Connection connection = connect()) {
            return connection.getMetaData().getDatabaseMajorVersion();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Returns the options of CREATE DATABASE for the locale `C.UTF-8`: the built-in provider where Postgres
    /// has it.
    public String localeC() {
        return majorVersion() >= 17
                ? "locale_provider builtin locale 'C.UTF-8'"
                : "locale_provider libc locale 'C.UTF-8'";
    }

    /// Runs statements as superuser in the database `postgres`.
    public void execute(String... statements) {
        executeIn("postgres", statements);
    }

    public void executeIn(String database, String... statements) {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /// Drops all replication slots. Waits until those that read them have gone: a walsender notices the end of its
    /// connection late on a busy machine.
    public void dropSlots() {
        await().ignoreExceptions().until(() -> {
            execute("select pg_drop_replication_slot(slot_name) from pg_replication_slots");
            return true;
        });
    }

    public long pid() {
        try (Stream<String> lines = Files.lines(data.resolve("postmaster.pid"))) {
            return Long.parseLong(lines.findFirst().orElseThrow().strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Kills the postmaster and all its processes with SIGKILL.
    public void killHard() throws Exception {
        Optional<ProcessHandle> postmaster = ProcessHandle.of(pid());
        if (postmaster.isPresent()) {
            Stream.concat(postmaster.stream(), postmaster.get().descendants()).forEach(ProcessHandle::destroyForcibly);
            postmaster.get().onExit().get(10, TimeUnit.SECONDS);
        }
    }

    /// Starts again with the same data and port, after [#killHard()] or [#stop()].
    public void restart() {
        int port = port();
        releaseLock();
        postgres = start(port);
    }

    /// Shuts Postgres down in the mode "fast".
    public void stop() throws IOException {
        postgres.close();
    }

    /// Releases the library's lock file. The library's own close would also try to stop the dead process.
    private void releaseLock() {
        try {
            postgres.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() throws IOException {
        postgres.close();
        delete(data);
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
