package dev.walcast.rls;

import dev.walcast.cdc.TableId;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Answers questions about published tables, roles and rights from the catalog of Postgres. Calls block.
public interface Catalog {
    /// Returns the tables of the publication; null when the publication does not exist.
    @Nullable
    Set<TableId> publishedTables() throws SQLException;

    /// Returns what each role may do with each table. A question whose table does not exist has no entry.
    Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> questions) throws SQLException;

    /// Whether the role exists.
    boolean roleExists(String role) throws SQLException;

    /// Returns the published tables of which the role may read at least one column. The role must exist.
    Set<TableId> readableTables(String role) throws SQLException;

    /// Describes the relation of that name, so that a refusal can tell the client what to do. The role must exist.
    RelationFacts relation(AccessQuestion question) throws SQLException;

    /// Returns this catalog with answers that were asked for at the given time or later. Other answers may be
    /// shared between callers.
    ///
    /// @param since a time of the clock that the catalog was made with, in nanoseconds
    default Catalog asOf(long since) {
        return this;
    }

    /// Asks what a role may do with a table. Neither has to exist.
    record AccessQuestion(String role, TableId table) {}
}
