package dev.walcast.server.sse;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.session.RefusedException;
import io.helidon.common.uri.UriQuery;
import java.util.Optional;
import java.util.Set;

/// The parameters of a stream. An unknown parameter is refused, because a misspelt filter would show too much.
///
/// Must not be logged: it may contain the key.
final class StreamQuery {
    private static final String API_KEY = "apikey";
    private static final String LAST_EVENT_ID = "lasteventid";
    private static final Set<String> OF_CHANGES = Set.of(
            API_KEY,
            "schema",
            "table",
            "event",
            "filter",
            "select",
            "resume",
            "snapshot",
            "order",
            "limit",
            "membership");
    private static final Set<String> OF_BROADCASTS = Set.of(API_KEY, "topic", "event", "private");

    private final UriQuery query;

    private StreamQuery(UriQuery query) {
        this.query = requireNonNull(query, "query is null");
    }

    static StreamQuery ofChanges(UriQuery query) throws RefusedException {
        return known(query, OF_CHANGES);
    }

    static StreamQuery ofBroadcasts(UriQuery query) throws RefusedException {
        return known(query, OF_BROADCASTS);
    }

    private static StreamQuery known(UriQuery query, Set<String> names) throws RefusedException {
        for (String name : query.names()) {
            boolean isKnown = names.contains(name) || isLastEventId(name);
            // a polyfill appends its id to a URL that may contain one already
            if (!isKnown || (query.all(name).size() > 1 && !isLastEventId(name))) {
                throw new RefusedException(ErrorCode.STREAM_UNREADABLE.refusal(printable(name)));
            }
        }
        return new StreamQuery(query);
    }

    /// Whether the parameter is `lastEventId` or a variant: replacements of `EventSource` cannot always set a header.
    private static boolean isLastEventId(String name) {
        return name.replaceAll("[-_]", "").equalsIgnoreCase(LAST_EVENT_ID);
    }

    /// The id of the last event that the client has read; with several parameters the last one.
    Optional<String> lastEventId() {
        return query.names().stream()
                .filter(StreamQuery::isLastEventId)
                .map(name -> query.all(name).getLast())
                .filter(id -> !id.isBlank())
                .reduce((_, last) -> last);
    }

    /// A name that is safe to repeat: what a client sent as a name may be long, or may be its key.
    private static String printable(String name) {
        return name.matches("[A-Za-z_-]{1,30}") ? name : "of that name";
    }

    Optional<String> apiKey() {
        return text(API_KEY);
    }

    Optional<String> text(String name) {
        return query.contains(name) ? Optional.of(query.get(name)) : Optional.empty();
    }

    /// Without a name when the query has none.
    Topic topic() {
        return Topic.named(text("topic").orElse(""));
    }

    boolean flag(String name) {
        return text(name).filter("true"::equals).isPresent();
    }

    /// The binding that the query asks for. It is written as an entry of a join, so that both are read alike.
    ///
    /// @param lastEventId the last event that the client has read; takes precedence over the query, which stays the
    ///                    same when `EventSource` reconnects
    BindingRequest binding(Optional<String> lastEventId) {
        ObjectNode binding = JsonNodeFactory.instance.objectNode();
        for (String name : new String[] {"event", "schema", "table", "filter"}) {
            text(name).ifPresent(value -> binding.put(name, value));
        }
        text("select").ifPresent(columns -> {
            ArrayNode select = binding.putArray("select");
            for (String column : columns.split(",", -1)) {
                select.add(column.strip());
            }
        });
        for (String name : new String[] {"snapshot", "membership"}) {
            text(name).ifPresent(value -> putFlag(binding, name, value));
        }
        if (text("order").isPresent() || text("limit").isPresent()) {
            putSomeRows(binding.putObject("snapshot"));
        }
        lastEventId
                .filter(id -> !id.isEmpty())
                .or(() -> text("resume"))
                .ifPresent(position -> binding.put("resume", position));
        return BindingRequest.read(binding);
    }

    /// Parameters that request a snapshot by themselves.
    private void putSomeRows(ObjectNode snapshot) {
        text("order").ifPresent(order -> snapshot.put("order", order));
        text("limit").ifPresent(limit -> {
            if (limit.matches("[0-9]{1,9}")) {
                snapshot.put("limit", Integer.parseInt(limit));
            } else {
                snapshot.put("limit", limit);
            }
        });
    }

    /// A text that is neither true nor false is passed on, and the feed refuses it.
    private static void putFlag(ObjectNode binding, String name, String value) {
        if (value.equals("true") || value.equals("false")) {
            binding.put(name, value.equals("true"));
        } else {
            binding.put(name, value);
        }
    }
}
