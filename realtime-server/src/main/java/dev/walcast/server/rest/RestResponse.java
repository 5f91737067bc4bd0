package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.protocol.ErrorCode;
import java.util.Map;

/// The response to a REST request.
///
/// @param contentType empty when there is no body
/// @param headers     headers besides those of every response
record RestResponse(int status, String contentType, String body, Map<String, String> headers) {
    private static final String JSON = "application/json; charset=utf-8";

    RestResponse {
        requireNonNull(contentType, "contentType is null");
        requireNonNull(body, "body is null");
        headers = Map.copyOf(headers);
    }

    static RestResponse accepted() {
        return new RestResponse(202, "", "", Map.of());
    }

    static RestResponse json(int status, String body) {
        return new RestResponse(status, JSON, body, Map.of());
    }

    static RestResponse message(ErrorCode code) {
        return keyed("message", code);
    }

    static RestResponse error(ErrorCode code) {
        return keyed("error", code);
    }

    static RestResponse text(int status, String text) {
        return new RestResponse(status, "text/plain; charset=utf-8", text, Map.of());
    }

    /// A text response with content type HTML, as the reference server sends it. No client reads it.
    static RestResponse html(ErrorCode code) {
        return new RestResponse(
                statusOf(code), "text/html; charset=utf-8", code.refusal().text(), Map.of());
    }

    /// Reports a fault of one field.
    static RestResponse field(String field, ErrorCode code) {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        body.putObject("errors").putArray(field).add(code.refusal().text());
        return json(statusOf(code), body.toString());
    }

    RestResponse with(Map<String, String> further) {
        return new RestResponse(status, contentType, body, further);
    }

    private static RestResponse keyed(String key, ErrorCode code) {
        ObjectNode body =
                JsonNodeFactory.instance.objectNode().put(key, code.refusal().text());
        return json(statusOf(code), body.toString());
    }

    private static int statusOf(ErrorCode code) {
        return code.status().orElseThrow();
    }
}
