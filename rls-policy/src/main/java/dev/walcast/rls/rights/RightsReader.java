package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;

/// Reads the rights of roles on tables, and the policies that apply to them. Calls block.
public interface RightsReader {
    /// Reads the rights in force. All rights and policies of one answer were in force at the same time, which is
    /// the time of [Reading#snapshot] or later.
    ///
    /// @throws SQLException when nothing could be read; asking again may help
    Reading read(Set<AccessQuestion> questions) throws SQLException;

    /// The result of one reading.
    ///
    /// @param snapshot     the transactions that the reading shows; it may show later ones too
    /// @param rights     the answers; a question whose table does not exist has none
    /// @param unanswered the tables that could not be read now, such as locked ones; their questions have no
    ///                   answer
    /// @param unsettled  the tables whose rights are being changed by a transaction that the snapshot does not
    ///                   show, and that may already be committed in the log; their questions have an answer
    record Reading(
            PgSnapshot snapshot,
            Map<AccessQuestion, TableRights> rights,
            Map<TableId, SQLException> unanswered,
            Set<TableId> unsettled) {
        public Reading {
            requireNonNull(snapshot, "snapshot is null");
            rights = Map.copyOf(rights);
            unanswered = Map.copyOf(unanswered);
            unsettled = Set.copyOf(unsettled);
        }
    }
}
