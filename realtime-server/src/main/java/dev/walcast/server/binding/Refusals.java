package dev.walcast.server.binding;

import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.sql.SqlStates;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;

/// Words why a binding cannot be served, or not all of it. The code and its fixed text go to every client. Names and
/// statements go only to roles that may read the table, and to [#SERVICE_ROLE].
public final class Refusals {
    /// The role of back ends, which may know everything about the database.
    static final String SERVICE_ROLE = "service_role";

    private static final String UNABLE = "Unable to subscribe to changes with given parameters. ";

    private Refusals() {}

    static boolean mayKnow(Viewer viewer) {
        return viewer.role().equals(SERVICE_ROLE);
    }

    static boolean mayKnow(Viewer viewer, TableAccess access) {
        return mayKnow(viewer) || access.readsEverything();
    }

    /// What a warning says, or the end of a refusal.
    ///
    /// @param details names and statements
    static String text(ErrorCode code, boolean mayKnow, String details) {
        String fixed = code.refusal().reason() + ".";
        return mayKnow ? fixed + " " + details : fixed;
    }

    /// That the table of a binding cannot be listened to at all.
    static BindingRefusedException notEnabled(BindingSpec spec, String reason) {
        return new BindingRefusedException(
                UNABLE + "Please check Realtime is enabled for the given connect parameters: " + spec + " " + reason);
    }

    /// That the filters ask too much of Postgres.
    public static BindingRefusedException tooSlow(ErrorCode code) {
        return new BindingRefusedException(UNABLE + code.refusal().reason());
    }

    /// That the binding cannot be served, with the reason. Quotes what the client asked for.
    public static BindingRefusedException refused(BindingSpec spec, String reason) {
        return new BindingRefusedException(UNABLE + "Parameters: " + spec + " " + reason);
    }

    /// That Postgres refused what the binding asks for. Quotes its message.
    public static BindingRefusedException postgresError(BindingSpec spec, String state, String message) {
        return new BindingRefusedException(UNABLE
                + "An exception happened so please check your connect parameters: " + spec + ". Exception: ERROR "
                + state + " (" + SqlStates.conditionName(state) + ") " + message);
    }
}
