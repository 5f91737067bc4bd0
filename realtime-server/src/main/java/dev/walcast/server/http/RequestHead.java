package dev.walcast.server.http;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;

/// The head of a request, validated and unambiguous.
///
/// @param target    in origin form
/// @param http10    whether it came as HTTP/1.0, whose clients do not know chunks
/// @param fields    the fields for routes, without those about the connection
/// @param expects   whether the client waits for `100 Continue` before it sends the body
/// @param upgrade   whether it asks for a WebSocket
/// @param keepAlive whether another request may follow
public record RequestHead(
        String method,
        String target,
        boolean http10,
        List<Field> fields,
        Framing framing,
        boolean expects,
        boolean upgrade,
        boolean keepAlive) {
    public RequestHead {
        requireNonNull(method, "method is null");
        requireNonNull(target, "target is null");
        requireNonNull(framing, "framing is null");
        fields = List.copyOf(fields);
    }

    /// The target without the query.
    public String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    /// The values of all fields of this name, joined as RFC 9110 allows. Empty when there is none.
    public Optional<String> joined(String lowerCase) {
        List<String> values = fields.stream()
                .filter(field -> field.isNamed(lowerCase))
                .map(Field::value)
                .toList();
        return values.isEmpty() ? Optional.empty() : Optional.of(String.join(",", values));
    }

    /// The same request as HTTP/1.1, with its framing written once and in canonical form.
    byte[] canonical() {
        StringBuilder head = new StringBuilder(512);
        head.append(method).append(' ').append(target).append(" HTTP/1.1\r\n");
        fields.forEach(field -> line(head, field.name(), field.value()));
        switch (framing) {
            case Framing.None _ -> {}
            case Framing.Length(long bytes) -> line(head, "Content-Length", Long.toString(bytes));
            case Framing.Chunked _ -> line(head, "Transfer-Encoding", "chunked");
        }
        if (expects) {
            line(head, "Expect", "100-continue");
        }
        if (upgrade) {
            line(head, "Upgrade", "websocket");
        }
        line(head, "Connection", upgrade ? "Upgrade" : keepAlive ? "keep-alive" : "close");
        return head.append("\r\n").toString().getBytes(ISO_8859_1);
    }

    private static void line(StringBuilder head, String name, String value) {
        head.append(name).append(": ").append(value).append("\r\n");
    }
}
