package dev.walcast.rls;

import dev.walcast.cdc.TableId;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The questions asked of Postgres about rights and types: the only access of this module to the catalog. Calls block.
public interface Catalog {
    /// The tables of the publication; null when there is no such publication.
    @Nullable
    Set<TableId> publishedTables() throws SQLException;

    /// What each role may do with each table. A pair whose table does not exist is left out.
    Map<AccessQuestion, TableAccess> access(Collection<AccessQuestion> questions) throws SQLException;

    boolean roleExists(String role) throws SQLException;

    /// The tables of the publication of which the role may read at least one column. The role must exist.
    Set<TableId> readableTables(String role) throws SQLException;

    /// What there is under a table's name, to tell a client why it cannot subscribe. The role must exist.
    RelationFacts relation(AccessQuestion question) throws SQLException;

    /// The same catalog, whose answers are to questions that began at this time of `System.nanoTime()` or later. Other
    /// answers may be shared between callers.
    default Catalog asOf(long since) {
        return this;
    }

    record AccessQuestion(String role, TableId table) {}
}
