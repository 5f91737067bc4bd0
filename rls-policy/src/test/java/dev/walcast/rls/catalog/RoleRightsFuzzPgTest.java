package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.RoleStanding;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TestDataSources;
import dev.walcast.rls.rights.RightsReader;
import dev.walcast.rls.rights.TableRights;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashSet;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/// Compares rights read from the catalog with the privilege functions of Postgres, for random memberships, grants and
/// owners. The test prints its seed; `-Dwalcast.fuzz.seed` repeats it.
class RoleRightsFuzzPgTest {
    private static final int ROUNDS = 40;
    private static final int ROLES = 8;
    private static final TableId TABLE = new TableId("app", "t");

    /// The login of the connection, a superuser, evaluates for roles with BYPASSRLS; `r0` evaluates for the
    /// others.
    private static final String EXPECTED = """
            select has_schema_privilege(r.oid, c.relnamespace, 'USAGE'),
                   has_column_privilege(r.oid, c.oid, 'id', 'SELECT'), has_column_privilege(r.oid, c.oid, 'owner', 'SELECT'),
                   c.relrowsecurity and not (r.rolsuper or r.rolbypassrls
                     or (not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'USAGE'))),
                   r.rolname <> 'r0' and (r.rolbypassrls or pg_has_role('r0', r.oid, %s)), r.rolsuper,
                   (select count(*) from pg_policy p where p.polrelid = c.oid and exists (
                      select from unnest(p.polroles) o where o = 0 or pg_has_role(r.oid, o, 'USAGE')))
              from pg_class c, pg_roles r where c.oid = 'app.t'::regclass and r.rolname = ?""";

    private final long seed = Long.getLong("walcast.fuzz.seed", System.nanoTime());
    private final Random random = new Random(seed);

    @Test
    void decidesAsPostgresDoes() throws Exception {
        System.out.println("RoleRightsFuzzPgTest, seed " + seed);
        try (TestPostgres postgres = TestPostgres.start();
                TestDataSources sources = new TestDataSources(postgres.port(), "postgres");
                Connection connection = postgres.connect();
                Statement statement = connection.createStatement()) {
            int major = connection.getMetaData().getDatabaseMajorVersion();
            statement.execute("create schema app");
            statement.execute("create table app.t (id int, owner int)");
            for (int i = 0; i < ROLES; i++) {
                statement.execute("create role r" + i + (random.nextInt(3) == 0 ? " noinherit" : "")
                        + (random.nextInt(6) == 0 ? " bypassrls" : ""));
                statement.execute("create policy of" + i + " on app.t to r" + i + " using (true)");
            }
            PostgresRightsReader reader = new PostgresRightsReader(sources.isolated(), "p", "r0", System::nanoTime);
            for (int round = 0; round < ROUNDS; round++) {
                for (int i = 0; i < 6; i++) {
                    try {
                        statement.execute(change(major));
                    } catch (SQLException e) {
                        assertThat(e.getSQLState()).as(e.getMessage()).isIn("0LP01", "42501");
                    }
                }
                compare(reader, connection, major);
            }
        }
    }

    private String role() {
        return random.nextInt(10) == 0 ? "postgres" : "r" + random.nextInt(ROLES);
    }

    private String change(int major) {
        String to = random.nextInt(8) == 0 ? "public" : role();
        boolean grant = random.nextInt(3) > 0;
        String give = grant ? "grant " : "revoke ";
        String preposition = grant ? " to " : " from ";
        return switch (random.nextInt(11)) {
            case 0, 1, 2 -> {
                String options = grant && major >= 16
                        ? " with inherit " + random.nextBoolean() + ", set " + random.nextBoolean()
                        : "";
                yield give + role() + preposition + role() + options;
            }
            case 3 -> give + "select on app.t" + preposition + to;
            case 4 -> give + "select (id) on app.t" + preposition + to;
            case 5 -> give + "select (owner) on app.t" + preposition + to;
            case 6 -> give + "usage on schema app" + preposition + to;
            case 7 -> "alter table app.t owner to " + role();
            case 8 -> "alter table app.t " + (random.nextBoolean() ? "enable" : "disable") + " row level security";
            case 9 -> "alter table app.t " + (random.nextBoolean() ? "force" : "no force") + " row level security";
            default -> {
                String what = random.nextBoolean()
                        ? "pg_read_all_data"
                        : random.nextBoolean() ? "pg_write_all_data" : "pg_monitor";
                yield random.nextInt(3) == 0
                        ? "alter database postgres owner to " + role()
                        : random.nextInt(3) == 0
                                ? "alter table app.t owner to pg_database_owner"
                                : give + what + preposition + role();
            }
        };
    }

    private static void compare(PostgresRightsReader reader, Connection connection, int major) throws SQLException {
        Set<AccessQuestion> questions = new HashSet<>();
        for (int i = 0; i < ROLES; i++) {
            questions.add(new AccessQuestion("r" + i, TABLE));
        }
        questions.add(new AccessQuestion("postgres", TABLE));
        RightsReader.Reading reading = reader.read(questions);
        assertThat(reading.unanswered()).isEmpty();
        Map<AccessQuestion, TableRights> rights = reading.rights();
        try (PreparedStatement expected =
                connection.prepareStatement(EXPECTED.formatted(major >= 16 ? "'SET'" : "'MEMBER'"))) {
            for (AccessQuestion question : questions) {
                expected.setString(1, question.role());
                try (ResultSet row = expected.executeQuery()) {
                    row.next();
                    compare(requireNonNull(rights.get(question)), row, question.role());
                }
            }
        }
    }

    private static void compare(TableRights rights, ResultSet row, String role) throws SQLException {
        TableAccess access = rights.access();
        boolean usable = row.getBoolean(5) && !row.getBoolean(6);
        assertThat(access.standing() == RoleStanding.USABLE).as(role).isEqualTo(usable);
        assertThat(access.usage()).as("usage of %s", role).isEqualTo(usable && row.getBoolean(1));
        assertThat(access.columns().get(0).readable()).as("id of %s", role).isEqualTo(usable && row.getBoolean(2));
        assertThat(access.columns().get(1).readable()).as("owner of %s", role).isEqualTo(usable && row.getBoolean(3));
        assertThat(access.rowSecurity()).as("row security of %s", role).isEqualTo(row.getBoolean(4));
        assertThat(rights.policies().policies())
                .as("policies of %s", role)
                .hasSize(access.rowSecurity() ? row.getInt(7) : 0);
    }
}
