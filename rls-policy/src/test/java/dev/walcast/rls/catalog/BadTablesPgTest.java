package dev.walcast.rls.catalog;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.rights.FaultIsolatingRightsReader;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.RightsReader.Reading;
import java.sql.Connection;
import java.sql.Statement;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Reads rights in a `SQL_ASCII` database in which the name of a table is not valid text.
class BadTablesPgTest {
    private static final AccessQuestion GOOD = new AccessQuestion("reader", new TableId("public", "good"));
    private static final AccessQuestion BAD = new AccessQuestion("reader", new TableId("public", "bad"));

    @Test
    void invalidNameHidesItsOwnTableOnly() throws Exception {
        try (TestPostgres postgres = TestPostgres.start()) {
            postgres.execute("create database ascii template template0 encoding 'SQL_ASCII' locale 'C'");
            try (TestDataSources sources = new TestDataSources(postgres.port(), "ascii")) {
                prepare(sources);
                RightsReader reader = new FaultIsolatingRightsReader(
                        new PostgresRightsReader(sources.isolated(), "p", System::nanoTime));
                Reading reading = reader.read(Set.of(GOOD, BAD));
                assertThat(reading.rights()).containsOnlyKeys(GOOD);
                assertThat(reading.unanswered()).containsOnlyKeys(BAD.table());
            }
        }
    }

    private static void prepare(TestDataSources sources) throws Exception {
        try (Connection connection = sources.asClients().getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("create role reader");
            statement.execute("do $$ begin execute pg_catalog.format('create type odd as (%I int)', chr(233)); end $$");
            statement.execute("create table good (id int primary key); create table bad (id int primary key, o odd)");
            statement.execute("grant select on good, bad to reader; create publication p for table good, bad");
        }
    }
}
