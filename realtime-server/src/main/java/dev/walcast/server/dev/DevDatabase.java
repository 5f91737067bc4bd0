package dev.walcast.server.dev;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The embedded Postgres of `walcast dev`. Its data is durable and in the data folder. It is reachable on the
/// loopback interface, with a password.
///
/// A kill -9 of the JVM leaves Postgres running. The next start on the folder finds it by its pid file and stops it
/// first.
public final class DevDatabase implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DevDatabase.class);
    private static final Duration STOP_TIMEOUT = Duration.ofSeconds(20);
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

    private final FileChannel lockFile;
    private final EmbeddedPostgres postgres;
    private final String password;

    private DevDatabase(FileChannel lockFile, EmbeddedPostgres postgres, String password) {
        this.lockFile = lockFile;
        this.postgres = postgres;
        this.password = password;
    }

    /// @param folder created when missing
    /// @param port   0 picks a free one
    /// @throws DevException when the folder is in use or Postgres does not start
    public static DevDatabase start(Path folder, int port) throws DevException, IOException {
        PrivateFile.createFolder(folder);
        FileChannel lockFile = lock(folder);
        try {
            Path data = folder.resolve("postgres").toAbsolutePath();
            stopOrphan(data);
            Path passwordFile = folder.resolve("postgres-password").toAbsolutePath();
            String password = PrivateFile.readOrCreate(passwordFile, RandomText::ofLength32);
            return new DevDatabase(lockFile, postgres(folder, data, passwordFile, password, port), password);
        } catch (IOException | DevException | RuntimeException e) {
            lockFile.close();
            throw e;
        }
    }

    private static FileChannel lock(Path folder) throws IOException, DevException {
        FileChannel file = FileChannel.open(PrivateFile.create(folder.resolve("dev.lock")), StandardOpenOption.WRITE);
        FileLock lock = file.tryLock();
        if (lock == null) {
            file.close();
            throw new DevException("Another `walcast dev` is using " + folder.toAbsolutePath()
                    + ": stop it, or give this one its own folder with --data DIR.");
        }
        return file;
    }

    private static EmbeddedPostgres postgres(Path folder, Path data, Path passwordFile, String password, int port)
            throws IOException {
        Path binaries =
                PrivateFile.createFolder(folder.resolve("postgres-binaries").toAbsolutePath());
        Path logFile = PrivateFile.create(folder.resolve("postgres.log"));
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setOverrideWorkingDirectory(binaries.toFile())
                .setPgBinaryResolver(new UnpackedBinaries(binaries))
                .setDataDirectory(data.toFile())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPGStartupWait(START_TIMEOUT)
                .setLocaleConfig("auth", "scram-sha-256")
                .setLocaleConfig("pwfile", passwordFile.toString())
                .setLocaleConfig("locale-provider", "builtin")
                .setLocaleConfig("builtin-locale", "C.UTF-8")
                .setLocaleConfig("locale", "C")
                .setConnectConfig("password", password)
                .setOutputRedirector(ProcessBuilder.Redirect.appendTo(logFile.toFile()))
                .setErrorRedirector(ProcessBuilder.Redirect.appendTo(logFile.toFile()));
        serverConfig().forEach(builder::setServerConfig);
        if (port != 0) {
            builder.setPort(port);
        }
        return builder.start();
    }

    /// Replaces the library's defaults, which are for tests and not durable.
    private static Map<String, String> serverConfig() {
        return Map.of(
                "wal_level", "logical",
                "fsync", "on",
                "synchronous_commit", "on",
                "full_page_writes", "on",
                "listen_addresses", "127.0.0.1",
                "unix_socket_directories", "",
                "max_wal_senders", "20",
                "max_replication_slots", "20",
                "max_connections", "100",
                "timezone", "UTC");
    }

    private static void stopOrphan(Path data) throws IOException, DevException {
        ProcessHandle postmaster = orphan(data);
        if (postmaster == null) {
            return;
        }
        log.info("Stopping the Postgres (pid {}) that an earlier run left behind", postmaster.pid());
        CompletableFuture<ProcessHandle> exit = postmaster.onExit();
        try {
            // SIGINT requests a fast shutdown; Java can only send SIGTERM, which waits for clients
            new ProcessBuilder("kill", "-INT", Long.toString(postmaster.pid()))
                    .start()
                    .waitFor();
            exit.get(STOP_TIMEOUT.toSeconds(), TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DevException("Interrupted while an earlier Postgres was stopping.");
        } catch (ExecutionException | TimeoutException e) {
            throw new DevException("The Postgres with pid " + postmaster.pid() + " that an earlier run left in " + data
                    + " does not stop: stop it by hand and start again.");
        }
    }

    /// Returns the process of the pid file if it runs and is a postmaster of this folder.
    private static @Nullable ProcessHandle orphan(Path data) throws IOException {
        Path pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return null;
        }
        String firstLine = Files.readString(pidFile).lines().findFirst().orElse("");
        if (!firstLine.strip().matches("\\d+")) {
            return null;
        }
        Optional<ProcessHandle> process = ProcessHandle.of(Long.parseLong(firstLine.strip()));
        return process.filter(ProcessHandle::isAlive)
                .filter(handle -> handle.info().command().orElse("").endsWith("postgres"))
                .orElse(null);
    }

    public int port() {
        return postgres.getPort();
    }

    /// The database's URL for a role whose password needs no escaping.
    public String url(String role, String rolePassword) {
        return "postgres://" + role + ":" + rolePassword + "@127.0.0.1:" + port() + "/postgres";
    }

    String superuserPassword() {
        return password;
    }

    public String superuserUrl() {
        return url("postgres", password);
    }

    @Override
    public void close() throws IOException {
        try {
            postgres.close();
        } finally {
            lockFile.close();
        }
    }
}
