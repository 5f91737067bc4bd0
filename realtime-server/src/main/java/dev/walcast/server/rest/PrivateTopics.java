package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicCheckException;
import dev.walcast.rls.topic.TopicPermissions;
import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import io.helidon.http.Header;
import io.helidon.http.Headers;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Decides what one request may send to private topics. Each topic is asked about once per request.
final class PrivateTopics {
    /// Headers that policies do not receive. They identify the caller by the claims.
    private static final Set<String> SECRET_HEADERS =
            Set.of("authorization", "proxy-authorization", "apikey", "x-api-key", "cookie");

    private final CallerQuestions.Request questions;
    private final Viewer viewer;
    private final String headers;
    private final Map<Topic, Optional<ErrorCode>> refusals = new HashMap<>();

    PrivateTopics(CallerQuestions.Request questions, Viewer viewer, Headers headers) {
        this.questions = requireNonNull(questions, "questions is null");
        this.viewer = requireNonNull(viewer, "viewer is null");
        this.headers = json(headers);
    }

    /// Why a message may not be sent to the topic; empty when it may.
    Optional<ErrorCode> refusal(Topic topic) {
        return refusals.computeIfAbsent(topic, this::ask);
    }

    private Optional<ErrorCode> ask(Topic topic) {
        try {
            return questions
                            .write(new TopicPermissions.TopicQuestion(viewer, topic.name(), headers))
                            .broadcast()
                    ? Optional.empty()
                    : Optional.of(ErrorCode.REST_FORBIDDEN);
        } catch (TopicCheckException e) {
            return Optional.of(
                    switch (e.reason()) {
                        case NOT_INSTALLED -> ErrorCode.REST_TOPICS_NOT_INSTALLED;
                        case POOL_EXHAUSTED -> ErrorCode.REST_POOL_EXHAUSTED;
                        case CALLER_BUSY -> ErrorCode.REST_CHECKS_OF_CALLER_TOO_MANY;
                        case CANCELED -> ErrorCode.REST_QUERY_CANCELED;
                        case PARTITION_MISSING -> ErrorCode.REST_PARTITION_MISSING;
                        case UNREACHABLE -> ErrorCode.REST_DATABASE_UNREACHABLE;
                    });
        }
    }

    private static String json(Headers headers) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        for (Header header : headers) {
            String name = header.name().toLowerCase(Locale.ROOT);
            if (!SECRET_HEADERS.contains(name)) {
                json.put(name, String.join(", ", header.allValues()));
            }
        }
        return json.toString();
    }
}
