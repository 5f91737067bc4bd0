package dev.walcast.server;

import com.zaxxer.hikari.SQLExceptionOverride;
import dev.walcast.rls.SqlStates;
import java.sql.SQLException;

/// Keeps Hikari from closing connections that an error has not ended. Hikari judges by the SQL state alone. A
/// connection
/// that it closes looks lost to the code that has it, which then asks the same question again.
final class ConnectionEviction implements SQLExceptionOverride {
    @java.lang.Override
    public Override adjudicate(SQLException e) {
        return SqlStates.leavesConnectionUsable(e) ? Override.DO_NOT_EVICT : Override.CONTINUE_EVICT;
    }
}
