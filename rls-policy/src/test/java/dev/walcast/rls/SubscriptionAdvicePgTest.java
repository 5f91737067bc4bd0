package dev.walcast.rls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.zaxxer.hikari.HikariDataSource;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.catalog.PostgresCatalog;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Runs the statements of advice, after which the publication must send the table.
class SubscriptionAdvicePgTest {
    private static final int NAMES_SCHEMAS = 15;

    private static TestPostgres postgres;
    private static HikariDataSource dataSource;

    @BeforeAll
    static void startPostgres() {
        postgres = TestPostgres.start();
        dataSource = new HikariDataSource();
        dataSource.setJdbcUrl(
                dev.walcast.cdc.postgres.PostgresUrl.parse(postgres.url()).jdbcUrl());
        dataSource.setUsername("postgres");
        postgres.execute(
                "create role reader nologin; create schema \"App \"\"one\"; create schema closed",
                "grant usage on schema \"App \"\"one\" to reader",
                "create table \"App \"\"one\".plain (id int primary key)",
                "create table \"App \"\"one\".keyless (id int)",
                "create unlogged table \"App \"\"one\".fast (id int primary key)",
                "create table \"App \"\"one\".root (id int primary key) partition by range (id)",
                "create table \"App \"\"one\".part partition of \"App \"\"one\".root for values from (0) to (9)",
                "create view \"App \"\"one\".seen as select 1 as id",
                "create publication empty",
                "create publication everything for all tables");
    }

    @AfterAll
    static void stopPostgres() throws Exception {
        dataSource.close();
        postgres.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "keyless", "root"})
    void statementPublishesTable(String name) throws SQLException {
        for (String publication : List.of("empty", "not \"there\"")) {
            follow(SubscriptionAdvice.notPublished(facts(publication, name)));
            assertThat(published(publication)).contains(new TableId("App \"one", name));
            postgres.execute(
                    "drop publication if exists \"not \"\"there\"\"\"",
                    "drop publication empty",
                    "create publication empty");
        }
    }

    @Test
    void statementPublishesTableBesideSchema() throws SQLException {
        assumeTrue(postgres.majorVersion() >= NAMES_SCHEMAS, "this Postgres publishes no schemas");
        postgres.execute("create publication of_schema for tables in schema closed");
        follow(SubscriptionAdvice.notPublished(facts("of_schema", "plain")));
        assertThat(published("of_schema")).contains(new TableId("App \"one", "plain"));
    }

    @Test
    void allTablesNeedNoAddition() throws SQLException {
        assertThat(SubscriptionAdvice.notLogged(facts("everything", "fast")).orElseThrow())
                .endsWith("ALTER TABLE \"App \"\"one\".\"fast\" SET LOGGED;");
        String root = SubscriptionAdvice.notPublished(facts("everything", "root"));
        assertThat(root).endsWith(": ALTER PUBLICATION \"everything\" SET (publish_via_partition_root = true);");
        follow(root);
        assertThat(published("everything")).contains(new TableId("App \"one", "root"));
        RelationFacts part = facts("everything", "part");
        assertThat(part.standsFor()).contains(new TableId("App \"one", "root"));
        assertThat(SubscriptionAdvice.notPublished(part)).endsWith("subscribe to that.");
        postgres.execute("alter publication everything set (publish_via_partition_root = false)");
    }

    @Test
    void relationsOfEveryKindAreKnown() throws SQLException {
        assertThat(facts("empty", "seen").kind()).isEqualTo('v');
        assertThat(facts("empty", "plain")).matches(RelationFacts::identified).matches(RelationFacts::exists);
        assertThat(facts("empty", "keyless").identified()).isFalse();
        assertThat(facts("empty", "nosuch"))
                .matches(RelationFacts::schemaUsable)
                .matches(facts -> !facts.exists());
        assertThat(catalog("empty").relation(new AccessQuestion("reader", new TableId("closed", "nosuch"))))
                .matches(facts -> !facts.schemaUsable());
        assertThat(catalog("empty").relation(new AccessQuestion("reader", new TableId("nosuch", "nosuch"))))
                .matches(facts -> !facts.schemaUsable());
        assertThat(SubscriptionAdvice.notLogged(
                        catalog("empty").relation(new AccessQuestion("reader", new TableId("pg_catalog", "pg_class")))))
                .hasValueSatisfying(sentence -> assertThat(sentence).contains("belongs to Postgres"));
    }

    private static PostgresCatalog catalog(String publication) {
        return new PostgresCatalog(dataSource, publication);
    }

    private static RelationFacts facts(String publication, String name) throws SQLException {
        return catalog(publication).relation(new AccessQuestion("reader", new TableId("App \"one", name)));
    }

    private static Set<TableId> published(String publication) throws SQLException {
        return Optional.ofNullable(catalog(publication).publishedTables()).orElse(Set.of());
    }

    /// Runs the statements after the last colon.
    private static void follow(String advice) {
        postgres.execute(advice.substring(advice.lastIndexOf(": ") + 2));
    }
}
