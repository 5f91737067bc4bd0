package dev.walcast.rls;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.rls.RelationFacts.Publication;
import dev.walcast.rls.TableAccess.ColumnAccess;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Writes one sentence for a client: why changes of a relation cannot arrive, and which statements correct that.
/// Names in the statements are quoted, so that they can be pasted.
public final class SubscriptionAdvice {
    private static final int PUBLISHES_GENERATED_COLUMNS = 18;

    private SubscriptionAdvice() {}

    /// Explains why Postgres does not log changes of the relation; empty when it does log them.
    public static Optional<String> notLogged(RelationFacts facts) {
        String name = facts.table().toString();
        return Optional.ofNullable(
                switch (facts.kind()) {
                    case 'v' ->
                        name + " is a view, of which Postgres logs no changes: subscribe to the tables it reads.";
                    case 'm' ->
                        name + " is a materialized view, of which Postgres logs no changes: subscribe to the tables it"
                                + " reads.";
                    case 'f' ->
                        name + " is a foreign table, whose changes are in the log of another server: connect Walcast to"
                                + " that server.";
                    case 'r', 'p' -> notLoggedTable(facts);
                    default -> name + " is not a table.";
                });
    }

    private static @Nullable String notLoggedTable(RelationFacts facts) {
        if (facts.system()) {
            return facts.table() + " belongs to Postgres, which publishes no changes of its own tables.";
        }
        return switch (facts.persistence()) {
            case 'u' ->
                facts.table() + " is unlogged, so Postgres logs no changes of it: ALTER TABLE "
                        + Identifier.quoted(facts.table()) + " SET LOGGED;"
                        + (facts.covered() ? "" : " " + addition(facts));
            case 't' -> facts.table() + " is a temporary table, of which Postgres logs no changes.";
            default -> null;
        };
    }

    /// Explains why the publication sends no changes of a logged table, with the statements that change that.
    public static String notPublished(RelationFacts facts) {
        Publication publication = facts.publication();
        String name = facts.table().toString();
        if (!publication.exists()) {
            return "There is no publication " + Identifier.quoted(publication.name()) + ": "
                    + withIdentity(
                            facts,
                            "CREATE PUBLICATION " + Identifier.quoted(publication.name()) + " FOR TABLE "
                                    + Identifier.quoted(facts.table())
                                    + (facts.kind() == 'p' ? " WITH (publish_via_partition_root = true)" : "") + ";");
        }
        Optional<TableId> standsFor = facts.standsFor();
        if (facts.covered() && standsFor.isPresent()) {
            return name + " is a partition, whose changes are sent under the name of " + standsFor.get()
                    + ": subscribe to that.";
        }
        if (facts.covered() && facts.kind() == 'p') {
            return name + " is partitioned, and its changes are sent under the names of its partitions: "
                    + viaRoot(facts);
        }
        return name + " is not in the publication " + Identifier.quoted(publication.name()) + ": "
                + withIdentity(facts, addition(facts));
    }

    private static String addition(RelationFacts facts) {
        String add =
                "ALTER PUBLICATION " + Identifier.quoted(facts.publication().name()) + " ADD TABLE "
                        + Identifier.quoted(facts.table()) + ";";
        boolean named = facts.kind() != 'p' || facts.publication().viaRoot();
        return named ? add : add + " " + viaRoot(facts);
    }

    private static String viaRoot(RelationFacts facts) {
        return "ALTER PUBLICATION " + Identifier.quoted(facts.publication().name())
                + " SET (publish_via_partition_root = true);";
    }

    /// Puts the statement that gives the table a replica identity first. Without one, Postgres refuses UPDATE and
    /// DELETE on a published table.
    private static String withIdentity(RelationFacts facts, String statement) {
        boolean breaks = !facts.identified()
                && (facts.publication().changes() || !facts.publication().exists());
        return breaks ? identity(facts.table()) + "; " + statement : statement;
    }

    /// Explains that UPDATEs and DELETEs of the application fail, because the published table has no replica
    /// identity.
    public static String withoutIdentity(TableAccess access) {
        return access.table() + " has no replica identity, so Postgres refuses every UPDATE and DELETE on it: "
                + identity(access) + ";";
    }

    /// Returns the statement that makes changes carry the whole old row. Under the identity FULL, Postgres
    /// refuses every UPDATE and DELETE on a table of which the publication excludes columns: by a column list, or
    /// from 18 on generated columns.
    public static String identity(TableAccess access) {
        return access.columns().stream().allMatch(access::carries)
                ? identity(access.table())
                : "a REPLICA IDENTITY USING INDEX is needed. Under FULL, Postgres refuses every UPDATE and DELETE on a"
                        + " table of which the publication does not send every column";
    }

    private static String identity(TableId table) {
        return "ALTER TABLE " + Identifier.quoted(table) + " REPLICA IDENTITY FULL";
    }

    /// Returns the statements that let the role read the table.
    public static String grants(TableId table, String role) {
        return "GRANT USAGE ON SCHEMA " + Identifier.quoted(table.schema()) + " TO " + Identifier.quoted(role)
                + "; GRANT SELECT ON " + Identifier.quoted(table) + " TO " + Identifier.quoted(role) + ";";
    }

    /// Returns the statement that creates a policy which shows all rows to the role.
    public static String policy(TableId table, String role) {
        return "CREATE POLICY \"walcast\" ON " + Identifier.quoted(table) + " FOR SELECT TO " + Identifier.quoted(role)
                + " USING (true);";
    }

    /// Returns the statement that makes the publication send all kinds of change.
    public static String events(String publication) {
        return "ALTER PUBLICATION " + Identifier.quoted(publication)
                + " SET (publish = 'insert, update, delete, truncate');";
    }

    /// Returns the statements that make changes carry further columns, or explains why Postgres never sends them.
    ///
    /// @param absent columns of the relation that the publication does not send
    public static String columns(RelationFacts facts, Collection<ColumnAccess> absent) {
        Publication publication = facts.publication();
        boolean listed = !publication.columns().isEmpty();
        boolean computed = absent.stream().anyMatch(ColumnAccess::generated);
        boolean virtual = absent.stream().anyMatch(ColumnAccess::virtual);
        if (virtual || (computed && publication.major() < PUBLISHES_GENERATED_COLUMNS)) {
            return "Postgres"
                    + (virtual ? " never sends virtual generated columns" : " before 18 sends no generated columns")
                    + ": use the columns that it is computed from.";
        }
        if (!listed) {
            return "ALTER PUBLICATION " + Identifier.quoted(publication.name())
                    + " SET (publish_generated_columns = stored);";
        }
        List<String> all = new ArrayList<>(publication.columns());
        absent.forEach(column -> all.add(column.name()));
        String alter = "ALTER PUBLICATION " + Identifier.quoted(publication.name());
        return "BEGIN; " + alter + " DROP TABLE " + Identifier.quoted(facts.table()) + "; " + alter + " ADD TABLE "
                + Identifier.quoted(facts.table())
                + all.stream().map(Identifier::quoted).collect(Collectors.joining(", ", " (", ")"))
                + (publication.condition() == null ? "" : " WHERE (" + publication.condition() + ")") + "; COMMIT;";
    }
}
