package dev.walcast.server.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;

/// Every way the admin port refuses a request.
public enum AdminProblem {
    TOKEN_WRONG(
            "AdminTokenWrong",
            Status.UNAUTHORIZED_401,
            "Send the header `Authorization: Bearer ` with the value of ADMIN_TOKEN."),
    FOREIGN_HOST(
            "AdminHostForeign",
            Status.MISDIRECTED_REQUEST_421,
            "Use the server's address, `localhost`, or the name in ADMIN_HOST as the host."),
    CROSS_SITE("AdminCrossSite", Status.FORBIDDEN_403, "A page of another site may not send this request."),
    BODY_UNREADABLE("AdminBodyUnreadable", Status.BAD_REQUEST_400, "The body must be a JSON object as documented."),
    SOCKET_UNKNOWN("AdminSocketUnknown", Status.NOT_FOUND_404, "No open socket has this id or user."),
    NOT_FOUND("AdminNotFound", Status.NOT_FOUND_404, "The admin port has no such path."),
    METHOD_WRONG("AdminMethodWrong", Status.METHOD_NOT_ALLOWED_405, "The path does not take this method.");

    private final String code;
    private final Status status;
    private final String remedy;

    AdminProblem(String code, Status status, String remedy) {
        this.code = requireNonNull(code, "code is null");
        this.status = requireNonNull(status, "status is null");
        this.remedy = requireNonNull(remedy, "remedy is null");
    }

    /// As the answer spells it.
    public String code() {
        return code;
    }

    /// The HTTP status of the answer.
    public int status() {
        return status.code();
    }

    /// What the caller can do; one sentence.
    public String remedy() {
        return remedy;
    }

    void send(ServerResponse response) {
        if (this == TOKEN_WRONG) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        }
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(("{\"code\":\"" + code + "\",\"message\":\"" + remedy + "\"}\n").getBytes(UTF_8));
    }
}
