package dev.walcast.server.rights;

import java.util.List;
import java.util.Optional;

/// A transaction that the test committed. Times are `System.nanoTime()`.
///
/// @param committing before COMMIT was sent: no client sees it earlier
/// @param committed  when COMMIT was answered: every session sees it
record LoggedTransaction(
        long xid, long committing, long committed, Optional<RightsOperation> operation, List<RowChange> rows) {}
