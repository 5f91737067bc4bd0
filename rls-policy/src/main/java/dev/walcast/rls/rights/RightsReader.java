package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;

/// Reads from Postgres what roles may do with tables and which policies bind them. Calls block.
public interface RightsReader {
    /// Reads the rights that are in force while the call runs. Every right and policy of one answer was in force at
    /// the same time, at or after [Reading#moment].
    ///
    /// @throws SQLException when nothing could be read; asking again may help
    Reading read(Set<AccessQuestion> questions) throws SQLException;

    /// What one reading gave.
    ///
    /// @param moment     the transactions whose effect the reading shows; it may show later ones as well
    /// @param rights     the answers; a question whose table does not exist has none
    /// @param unanswered the tables that Postgres could not answer for now, such as locked ones; their questions
    ///                   have no answer
    /// @param unsettled  the tables whose rights a transaction that [#moment] does not show is changing: that
    ///                   transaction may be committed in the log already. Their questions have an answer
    record Reading(
            PgSnapshot moment,
            Map<AccessQuestion, TableRights> rights,
            Map<TableId, SQLException> unanswered,
            Set<TableId> unsettled) {
        public Reading {
            requireNonNull(moment, "moment is null");
            rights = Map.copyOf(rights);
            unanswered = Map.copyOf(unanswered);
            unsettled = Set.copyOf(unsettled);
        }
    }
}
