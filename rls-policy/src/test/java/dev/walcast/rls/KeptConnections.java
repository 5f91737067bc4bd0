package dev.walcast.rls;

import com.zaxxer.hikari.SQLExceptionOverride;
import java.sql.SQLException;

/// What the server sets for its pools.
final class KeptConnections implements SQLExceptionOverride {
    @java.lang.Override
    public Override adjudicate(SQLException e) {
        return SqlStates.leavesConnectionUsable(e) ? Override.DO_NOT_EVICT : Override.CONTINUE_EVICT;
    }
}
