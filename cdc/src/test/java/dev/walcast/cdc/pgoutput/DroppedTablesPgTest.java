package dev.walcast.cdc.pgoutput;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.cdc.source.connection.CatalogConnection;
import dev.walcast.cdc.testing.SharedPostgresTest;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DroppedTablesPgTest extends SharedPostgresTest {
    private final Map<Integer, Table> tables = new HashMap<>();
    private CatalogConnection catalog;
    private DroppedTables dropped;
    private int kept;
    private int gone;

    @BeforeEach
    void dropOneOfTwoTables() throws SQLException {
        postgres.execute("drop table if exists kept", "create table kept ()", "create table gone ()");
        kept = oid("kept");
        gone = oid("gone");
        List.of(kept, gone).forEach(oid -> tables.put(oid, new Table(new TableId("public", "t" + oid), List.of())));
        postgres.execute("drop table gone");
        catalog = new CatalogConnection(PostgresUrl.parse(postgres.url()));
        dropped = new DroppedTables(catalog, 2);
    }

    @AfterEach
    void closeCatalog() {
        catalog.close();
    }

    @Test
    void droppedTableIsForgottenAfterItsEnd() throws Exception {
        dropped.removeFrom(tables, Lsn.ZERO);
        assertThat(tables).containsOnlyKeys(kept, gone);
        dropped.removeFrom(tables, end());
        assertThat(tables).containsOnlyKeys(kept);
    }

    @Test
    void reusedOidIsKept() throws Exception {
        int unused = 2_000_000_000;
        tables.put(unused, new Table(new TableId("public", "unused"), List.of()));
        dropped.removeFrom(tables, Lsn.ZERO);
        dropped.described(unused);
        dropped.removeFrom(tables, end());
        assertThat(tables).containsOnlyKeys(kept, unused);
    }

    @Test
    void fewTablesCauseNoQuery() throws Exception {
        DroppedTables patient = new DroppedTables(
                () -> {
                    throw new AssertionError("asked");
                },
                3);
        patient.removeFrom(tables, end());
        assertThat(tables).containsOnlyKeys(kept, gone);
    }

    private static int oid(String table) throws SQLException {
        return Integer.parseInt(ask("select '" + table + "'::regclass::oid"));
    }

    private static Lsn end() throws SQLException {
        return Lsn.parse(ask("select pg_current_wal_insert_lsn()"));
    }

    private static String ask(String sql) throws SQLException {
        try (Connection connection = postgres.connect();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
