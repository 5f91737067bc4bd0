package dev.walcast.server.admin;

import dev.walcast.server.log.OncePerMinute;
import io.helidon.webserver.http.ServerRequest;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Logs what is done and what is refused on the admin port, to the logger `walcast.audit`. No line holds a token, a
/// claim or a payload. Refusals of one kind are logged once a minute.
final class AuditLog {
    private static final Logger LOG = LoggerFactory.getLogger("walcast.audit");

    private final OncePerMinute<AdminProblem> refusals;

    AuditLog(LongSupplier nanoTime) {
        this.refusals = new OncePerMinute<>(nanoTime);
    }

    void refused(ServerRequest request, AdminProblem problem) {
        String address = request.remotePeer().host();
        if (refusals.tryTake(problem)) {
            LOG.warn("refused {} {} from {}: {}", method(request), path(request), address, problem.code());
        }
    }

    /// @param outcome what came of it
    void done(ServerRequest request, String outcome) {
        LOG.info(
                "{} {} from {}: {}",
                method(request),
                path(request),
                request.remotePeer().host(),
                outcome);
    }

    private static String method(ServerRequest request) {
        return request.prologue().method().text();
    }

    private static String path(ServerRequest request) {
        return request.path().path();
    }
}
