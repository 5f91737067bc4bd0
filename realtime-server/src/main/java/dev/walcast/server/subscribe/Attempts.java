package dev.walcast.server.subscribe;

import dev.walcast.rls.sql.SqlStates;
import java.sql.SQLException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Counts the failed questions to the database for one subscription, and decides whether to ask again: always while the
/// database is away, some times after an error that may pass, never when the answer would be the same.
final class Attempts {
    static final int IN_THE_WAY_MAX = 10;

    private static final Logger log = LoggerFactory.getLogger(Attempts.class);

    private int inTheWay;

    /// Why it is not asked again; nothing when it is.
    Optional<String> refusal(SQLException e) {
        boolean again = switch (SqlStates.remedy(e)) {
            case WAIT -> true;
            case ASK_AGAIN -> ++inTheWay < IN_THE_WAY_MAX;
            case NONE -> false;
        };
        SQLException told = SqlStates.told(e);
        if (again) {
            log.info("A subscription waits for the database: {}", SqlStates.primaryMessage(told));
            return Optional.empty();
        }
        String state = String.valueOf(told.getSQLState());
        log.warn("The database refused a subscription: {} {}", state, SqlStates.primaryMessage(told));
        return Optional.of("The database refused it: ERROR " + state + " (" + SqlStates.conditionName(state)
                + "); the server's log says more.");
    }
}
