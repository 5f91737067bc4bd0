package dev.walcast.cdc.postgres;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.testing.SharedPostgresTest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Compares the tables of random publications with `pg_publication_tables`. The seed is printed;
/// `-Dwalcast.fuzz.seed` repeats a run.
class PublishedTablesPgTest extends SharedPostgresTest {
    private static final int PUBLICATIONS = 300;

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void listsTheSameTablesAsPostgres() throws SQLException {
        System.out.println("PublishedTablesPgTest, seed " + seed);
        List<String> tables = createTables();
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            int major = connection.getMetaData().getDatabaseMajorVersion();
            for (int i = 0; i < PUBLICATIONS; i++) {
                String publication = "p" + i;
                String definition = definition(tables, major);
                statement.execute("create publication " + publication + definition);
                assertThat(rows(statement, ours(major), publication))
                        .as(definition)
                        .isEqualTo(rows(statement, "pg_publication_tables", publication));
                if (random.nextInt(3) > 0) {
                    statement.execute("drop publication " + publication);
                }
            }
            assertThat(rows(statement, ours(major), null))
                    .isEqualTo(rows(statement, "pg_publication_tables", null))
                    .isNotEmpty();
        }
    }

    @Test
    void waitsForNoLockOfATable() throws SQLException {
        postgres.execute("create table locked (id int primary key)", "create publication of_locked for table locked");
        try (Connection holder = postgres.connect();
                Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            holder.setAutoCommit(false);
            try (Statement lock = holder.createStatement()) {
                lock.execute("lock table locked in access exclusive mode");
            }
            statement.execute("set lock_timeout = '10ms'");
            int major = connection.getMetaData().getDatabaseMajorVersion();
            assertThat(rows(statement, ours(major), "of_locked")).containsExactly("of_locked public.locked");
            holder.rollback();
        }
        postgres.execute("drop table locked");
    }

    private List<String> createTables() {
        postgres.execute("create schema a", "create schema b", "create schema c");
        List<String> tables = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            tables.add(create(schema() + ".plain" + i, "(id int primary key)"));
        }
        postgres.execute("create unlogged table a.unlogged (id int)", "create view a.seen as select 1 as id");
        for (int i = 0; i < 3; i++) {
            tables.add(create(schema() + ".root" + i, "(id int primary key) partition by range (id)"));
            String root = tables.getLast();
            for (int j = 0; j < 4; j++) {
                String bounds =
                        " partition of " + root + " for values from (" + j * 10 + ") to (" + (j * 10 + 10) + ")";
                if (random.nextInt(3) == 0) {
                    tables.add(create(schema() + ".middle" + i + j, bounds + " partition by range (id)"));
                    tables.add(create(
                            schema() + ".leaf" + i + j,
                            " partition of " + tables.getLast() + " for values from (" + j * 10 + ") to ("
                                    + (j * 10 + 5) + ")"));
                } else {
                    tables.add(create(schema() + ".part" + i + j, bounds));
                }
            }
        }
        create("a.parent", "(id int primary key)");
        tables.add(create("b.heir", "() inherits (a.parent)"));
        return tables;
    }

    private static String create(String name, String definition) {
        postgres.execute("create table " + name + " " + definition);
        return name;
    }

    private String schema() {
        return List.of("a", "b", "c").get(random.nextInt(3));
    }

    private String definition(List<String> tables, int major) {
        StringBuilder of = new StringBuilder();
        if (random.nextInt(8) == 0) {
            of.append(" for all tables");
        } else {
            Set<String> parts = new TreeSet<>();
            for (int i = random.nextInt(5); i > 0; i--) {
                boolean schema = major >= 15 && random.nextInt(3) == 0;
                parts.add(
                        schema ? "tables in schema " + schema() : "table " + tables.get(random.nextInt(tables.size())));
            }
            of.append(parts.isEmpty() ? "" : " for " + String.join(", ", parts));
        }
        return of + " with (publish_via_partition_root = " + random.nextBoolean() + ")";
    }

    private static String ours(int major) {
        return "(select q.pubname, n.nspname as schemaname, c.relname as tablename from ("
                + PublishedTables.query(major)
                + ") q join pg_class c on c.oid = q.relid join pg_namespace n on n.oid = c.relnamespace) ours";
    }

    private static List<String> rows(Statement statement, String from, @Nullable String publication)
            throws SQLException {
        String where = publication == null ? "" : " where pubname = '" + publication + "'";
        List<String> rows = new ArrayList<>();
        try (ResultSet found = statement.executeQuery(
                "select pubname || ' ' || schemaname || '.' || tablename from " + from + where + " order by 1")) {
            while (found.next()) {
                rows.add(found.getString(1));
            }
        }
        return rows;
    }
}
