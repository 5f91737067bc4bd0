package dev.walcast.server.http;

import static dev.walcast.server.http.RefusedRequestException.malformed;

import dev.walcast.server.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// Parses a request's head as RFC 9112 requires. Refuses what two readers could read differently.
public final class HeadParser {
    /// The methods that routes answer. Others are refused.
    private static final Set<String> METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

    /// Fields that have no meaning, or two, when they occur twice.
    private static final Set<String> ONCE = Set.of(
            "host",
            "content-length",
            "transfer-encoding",
            "content-type",
            "expect",
            "upgrade",
            "authorization",
            "sec-websocket-key",
            "sec-websocket-version");

    /// Fields about the connection, the framing and the host, which [RequestHead#canonical()] writes again.
    private static final Set<String> ABOUT_THE_CONNECTION = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "proxy-connection",
            "te",
            "trailer",
            "transfer-encoding",
            "upgrade");

    private static final int LENGTH_DIGITS_MAX = 18;

    private final List<Field> fields = new ArrayList<>();
    private final String method;
    private final boolean http10;
    private final String rawTarget;

    private HeadParser(List<String> lines) throws RefusedRequestException {
        String[] parts = lines.getFirst().split(" ", -1);
        if (parts.length != 3 || !Grammar.isToken(parts[0]) || parts[1].isEmpty()) {
            throw malformed("its first line is not a method, a target and a version");
        }
        method = parts[0];
        rawTarget = parts[1];
        http10 = isHttp10(parts[2]);
        Set<String> seen = new HashSet<>();
        for (String line : lines.subList(1, lines.size())) {
            Field field = Field.parse(line);
            String name = field.name().toLowerCase(Locale.ROOT);
            if (!seen.add(name) && ONCE.contains(name)) {
                throw malformed("a header that may be there only once is there twice");
            }
            fields.add(field);
        }
    }

    /// @param lines the lines of a complete head
    public static RequestHead parse(List<String> lines) throws RefusedRequestException {
        return new HeadParser(lines).head();
    }

    private static boolean isHttp10(String version) throws RefusedRequestException {
        return switch (version) {
            case "HTTP/1.1" -> false;
            case "HTTP/1.0" -> true;
            default ->
                throw version.matches("HTTP/[0-9]\\.[0-9]")
                        ? new RefusedRequestException(ErrorCode.REQUEST_VERSION.refusal())
                        : malformed("its version cannot be read");
        };
    }

    private RequestHead head() throws RefusedRequestException {
        Framing framing = framing();
        String host = host();
        String target = target();
        if (!METHODS.contains(method)) {
            throw new RefusedRequestException(ErrorCode.REQUEST_METHOD.refusal());
        }
        boolean hasBody = !(framing instanceof Framing.None);
        boolean expects = expects() && hasBody && !http10;
        boolean upgrade = upgrade() && !hasBody;
        List<Field> kept = new ArrayList<>();
        kept.add(new Field("Host", host));
        fields.stream()
                .filter(field -> !ABOUT_THE_CONNECTION.contains(field.name().toLowerCase(Locale.ROOT)))
                .forEach(kept::add);
        return new RequestHead(method, target, http10, kept, framing, expects, upgrade, keepAlive());
    }

    private Optional<String> value(String lowerCase) {
        return fields.stream()
                .filter(field -> field.isNamed(lowerCase))
                .map(Field::value)
                .findFirst();
    }

    private Framing framing() throws RefusedRequestException {
        Optional<String> coding = value("transfer-encoding");
        Optional<String> length = value("content-length");
        if (coding.isEmpty()) {
            return length.isPresent() ? length(length.get()) : new Framing.None();
        }
        if (length.isPresent()) {
            throw malformed("both Content-Length and Transfer-Encoding");
        }
        if (http10) {
            throw malformed("HTTP/1.0 knows no Transfer-Encoding");
        }
        if (!coding.get().equalsIgnoreCase("chunked")) {
            throw malformed("a Transfer-Encoding other than chunked");
        }
        return new Framing.Chunked();
    }

    private static Framing length(String text) throws RefusedRequestException {
        if (!Grammar.isDigits(text) || text.length() > LENGTH_DIGITS_MAX) {
            throw malformed("its Content-Length is not one number");
        }
        long bytes = Long.parseLong(text);
        return bytes == 0 ? new Framing.None() : new Framing.Length(bytes);
    }

    /// A host in the target takes precedence. HTTP/1.0 needs none.
    private String host() throws RefusedRequestException {
        Optional<String> host = value("host");
        if (host.isEmpty() && !http10) {
            throw malformed("it has no Host");
        }
        if (host.isPresent() && !Grammar.isAuthority(host.get())) {
            throw malformed("its Host is not a host");
        }
        int authority = authorityStart();
        if (authority < 0) {
            return host.orElse("localhost");
        }
        String named = rawTarget.substring(authority, authorityEnd(authority));
        if (!Grammar.isAuthority(named)) {
            throw malformed("the host of its target is not one");
        }
        return named;
    }

    private String target() throws RefusedRequestException {
        if (rawTarget.indexOf('#') >= 0) {
            throw malformed("its target has a fragment");
        }
        if (rawTarget.startsWith("/")) {
            return rawTarget;
        }
        if (rawTarget.equals("*") && method.equals("OPTIONS")) {
            return "/"; // a route answers `OPTIONS *` there
        }
        int authority = authorityStart();
        if (authority < 0) {
            if (method.equals("CONNECT")) {
                throw new RefusedRequestException(ErrorCode.REQUEST_METHOD.refusal());
            }
            throw malformed("its target is not a path");
        }
        String rest = rawTarget.substring(authorityEnd(authority));
        return rest.startsWith("/") ? rest : "/" + rest;
    }

    /// Negative when the target names no host.
    private int authorityStart() {
        String lower = rawTarget.substring(0, Math.min(8, rawTarget.length())).toLowerCase(Locale.ROOT);
        return lower.startsWith("http://") ? 7 : lower.equals("https://") ? 8 : -1;
    }

    private int authorityEnd(int start) {
        int end = start;
        while (end < rawTarget.length() && rawTarget.charAt(end) != '/' && rawTarget.charAt(end) != '?') {
            end++;
        }
        return end;
    }

    private boolean expects() throws RefusedRequestException {
        Optional<String> expectation = value("expect");
        if (expectation.isPresent() && !http10 && !expectation.get().equalsIgnoreCase("100-continue")) {
            throw new RefusedRequestException(ErrorCode.REQUEST_EXPECTATION.refusal());
        }
        return expectation.isPresent();
    }

    /// A proxy that speaks HTTP/1.0 drops `Upgrade` but passes on the client's other headers.
    private boolean upgrade() throws RefusedRequestException {
        boolean asked = value("upgrade").stream()
                .flatMap(list -> Arrays.stream(list.split(",", -1)))
                .anyMatch(protocol -> Grammar.trim(protocol).equalsIgnoreCase("websocket"));
        if (http10 && (asked || value("sec-websocket-key").isPresent())) {
            throw new RefusedRequestException(ErrorCode.UPGRADE_OVER_HTTP10.refusal());
        }
        return asked && connectionOptions().contains("upgrade");
    }

    private boolean keepAlive() {
        Set<String> options = connectionOptions();
        return !options.contains("close") && (!http10 || options.contains("keep-alive"));
    }

    private Set<String> connectionOptions() {
        Set<String> options = new HashSet<>();
        for (Field field : fields) {
            if (field.isNamed("connection")) {
                Arrays.stream(field.value().split(",", -1))
                        .map(option -> Grammar.trim(option).toLowerCase(Locale.ROOT))
                        .forEach(options::add);
            }
        }
        return options;
    }
}
