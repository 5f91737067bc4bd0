package dev.walcast.server.setup;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.PostgresUrl;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Properties;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.output.MigrateResult;
import org.postgresql.ds.PGSimpleDataSource;

/// Creates the schema `realtime` from SQL files. Migrations run once each, in order; the grants run every time. Each
/// file may be run again by hand.
public final class Migrations {
    private static final String FOLDER = "migrations/";
    private static final List<String> FILES =
            List.of("V1__messages.sql", "V2__functions.sql", "V3__cursors.sql", "afterMigrate.sql");

    private Migrations() {}

    /// Runs the migrations that have not run yet, as the role of the URL, which will own the schema.
    ///
    /// @return how many files ran
    /// @throws SetupException when the role lacks a right, or Postgres reports an error
    public static int run(PostgresUrl url) throws SetupException {
        try {
            MigrateResult result = Flyway.configure(Migrations.class.getClassLoader())
                    .dataSource(dataSource(url))
                    .locations("classpath:" + Migrations.class.getPackageName().replace('.', '/') + "/" + FOLDER)
                    .schemas(Installation.SCHEMA)
                    .table("walcast_migrations")
                    .baselineOnMigrate(true)
                    .baselineVersion("0")
                    .placeholderReplacement(false)
                    .loggers("slf4j")
                    .load()
                    .migrate();
            return result.migrationsExecuted;
        } catch (FlywayException e) {
            throw new SetupException(SetupException.sentence(e), e);
        }
    }

    static PGSimpleDataSource dataSource(PostgresUrl url) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setUrl(url.jdbcUrl());
        Properties properties = url.ownProperties();
        try {
            for (String name : properties.stringPropertyNames()) {
                dataSource.setProperty(name, properties.getProperty(name));
            }
        } catch (java.sql.SQLException e) {
            throw new IllegalArgumentException("The database URL has an unknown parameter.", e);
        }
        return dataSource;
    }

    /// The SQL of all files, to be read or run by hand.
    public static String sql() {
        StringBuilder all = new StringBuilder();
        for (String file : FILES) {
            all.append("-- ")
                    .append(file.replaceFirst("^V(\\d+)__", "$1: ")
                            .replace(".sql", "")
                            .toLowerCase(Locale.ROOT))
                    .append('\n')
                    .append(text(FOLDER + file))
                    .append('\n');
        }
        return all.toString();
    }

    static String text(String file) {
        try (InputStream in = requireNonNull(Migrations.class.getResourceAsStream(file), file)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}
