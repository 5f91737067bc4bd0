package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

/// Thrown when a request is refused with this response.
final class RequestRefusedException extends Exception {
    private static final long serialVersionUID = 1;

    private final transient RestResponse answer;

    RequestRefusedException(RestResponse answer) {
        super(answer.body(), null, false, false);
        this.answer = requireNonNull(answer, "answer is null");
    }

    RestResponse answer() {
        return answer;
    }
}
