package dev.walcast.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/// Every way the admin port refuses a request.
public enum AdminProblem {
    TOKEN_WRONG("AdminTokenWrong", 401, "Send the header `Authorization: Bearer ` with the value of ADMIN_TOKEN."),
    FOREIGN_HOST(
            "AdminHostForeign", 421, "Use the server's address, `localhost`, or the name in ADMIN_HOST as the host."),
    CROSS_SITE("AdminCrossSite", 403, "A page of another site may not send this request."),
    BODY_UNREADABLE("AdminBodyUnreadable", 400, "The body must be a JSON object as documented."),
    SOCKET_UNKNOWN("AdminSocketUnknown", 404, "No open socket has this id or user."),
    NOT_FOUND("AdminNotFound", 404, "The admin port has no such path."),
    METHOD_WRONG("AdminMethodWrong", 405, "The path does not take this method.");

    private final String code;
    private final int status;
    private final String remedy;

    AdminProblem(String code, int status, String remedy) {
        this.code = requireNonNull(code, "code is null");
        this.status = status;
        this.remedy = requireNonNull(remedy, "remedy is null");
    }

    /// As the answer spells it.
    public String code() {
        return code;
    }

    /// The HTTP status of the answer.
    public int status() {
        return status;
    }

    /// What the caller can do; one sentence.
    public String remedy() {
        return remedy;
    }

    void send(ServerResponse response) {
        if (this == TOKEN_WRONG) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        response.status(Status.create(status))
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(("{\"code\":\"" + code + "\",\"message\":\"" + remedy + "\"}\n").getBytes(UTF_8));
    }
}
