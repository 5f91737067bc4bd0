package dev.walcast.server.front;

import java.util.List;
import java.util.SplittableRandom;

/// Generates requests of good and bad clients: valid ones, ones with a known attack, and mutations of both.
final class RandomRequests {
    private static final List<String> METHODS = List.of(
            "GET", "GET", "POST", "POST", "HEAD", "PUT", "OPTIONS", "FOO", "get", "CONNECT", "TRACE", "", "G T");
    private static final List<String> TARGETS = List.of(
            "/",
            "/a",
            "/a/b?c=d",
            "/%41",
            "/a?x=%7B1%7D",
            "*",
            "http://h/p",
            "HTTPS://[::1]:8/p?q",
            "http://h",
            "h:1",
            "",
            "/a#b",
            "/\u0001",
            "/..",
            "//x",
            "http:///",
            "/a b",
            "/{x}|\\^",
            "/%zz",
            "/%00");
    private static final List<String> VERSIONS = List.of(
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.1",
            "HTTP/1.0",
            "HTTP/1.0",
            "HTTP/2.0",
            "http/1.1",
            "HTTP/1.1 ",
            "");
    private static final List<String> FIELDS = List.of(
            "X: a",
            "x-api-key: abc",
            "Connection: close",
            "Connection: keep-alive",
            "Connection: x, KEEP-ALIVE",
            "Connection: upgrade",
            "Upgrade: h2c",
            "Upgrade: websocket",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            "Expect: 100-continue",
            "Expect: other",
            "TE: trailers",
            "Trailer: X",
            "Keep-Alive: timeout=5",
            "Authorization: Bearer a",
            "Content-Type: a/b",
            "Content-Encoding: gzip",
            "Content-Length: 3",
            "Content-Length: +3",
            "Content-Length: 3, 3",
            "Content-Length: 0",
            "Content-length:\t4 ",
            "Content-Length : 3",
            "Transfer-Encoding: chunked",
            "Transfer-Encoding:CHUNKED",
            "Transfer-Encoding: gzip, chunked",
            "Transfer-Encoding: identity",
            "transfer-encoding:\u000bchunked",
            " folded",
            "\tfolded: x",
            "noColon",
            ": empty",
            "X-\u00e9: a",
            "X: \u00e9",
            "Host: other",
            "X: a\rb",
            "X: a\nContent-Length: 9",
            "X-Long: " + "y".repeat(300));
    private static final List<String> HOSTS = List.of(
            "Host: h\r\n",
            "Host: h\r\n",
            "Host: h\r\n",
            "Host: h:80\r\n",
            "Host: [::1]:1\r\n",
            "host:h\r\n",
            "",
            "Host: \r\n",
            "Host: a b\r\n",
            "Host: h:99999\r\n",
            "Host: u@h\r\n");
    private static final List<String> SIZES =
            List.of("3", "3", "03", "3;a", "3 ; a=\"b;\"", "3;", "+3", "0x3", "3 ", "4", "2", "", "FFFFFFFFF", "g");
    private static final List<String> ENDS =
            List.of("\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "", "xx", "\r\n\r\n");

    private final SplittableRandom random;

    RandomRequests(SplittableRandom random) {
        this.random = random;
    }

    /// One connection's bytes, as characters of one byte each.
    String next() {
        StringBuilder text = new StringBuilder();
        int count = 1 + random.nextInt(4);
        for (int i = 0; i < count; i++) {
            text.append(random.nextInt(3) > 0 ? plain() : tricky());
        }
        int mutations = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 0;
        for (int i = 0; i < mutations; i++) {
            mutate(text);
        }
        return text.toString();
    }

    private <T> T any(List<T> of) {
        return of.get(random.nextInt(of.size()));
    }

    private String plain() {
        return switch (random.nextInt(5)) {
            case 0 -> "GET /a?b=" + random.nextInt(100) + " HTTP/1.1\r\nHost: h\r\n\r\n";
            case 1 -> "POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello";
            case 2 ->
                "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: u\r\n\r\n";
            case 3 -> "GET /d HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
            default -> "\r\nHEAD /e HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
        };
    }

    private String tricky() {
        StringBuilder text = new StringBuilder();
        text.append(any(METHODS)).append(' ').append(any(TARGETS)).append(' ').append(any(VERSIONS));
        text.append(end()).append(any(HOSTS));
        int count = random.nextInt(4);
        for (int i = 0; i < count; i++) {
            text.append(any(FIELDS)).append(end());
        }
        text.append(end());
        return switch (random.nextInt(3)) {
            case 0 -> text.toString();
            case 1 -> text.append("abc").toString();
            default ->
                text.append(any(SIZES))
                        .append(end())
                        .append("abc")
                        .append(end())
                        .append("0")
                        .append(end())
                        .append(end())
                        .toString();
        };
    }

    private String end() {
        return random.nextInt(12) > 0 ? "\r\n" : any(ENDS);
    }

    private void mutate(StringBuilder text) {
        if (text.isEmpty()) {
            return;
        }
        int at = random.nextInt(text.length());
        switch (random.nextInt(6)) {
            case 0 -> text.setCharAt(at, (char) random.nextInt(256));
            case 1 -> text.deleteCharAt(at);
            case 2 -> text.insert(at, any(List.of("\r", "\n", "\u0000", " ", "\t", ":", ",", ";", "\r\n", "\r\n\r\n")));
            case 3 -> text.insert(at, text.substring(at, Math.min(text.length(), at + 1 + random.nextInt(40))));
            case 4 -> text.setLength(at);
            default -> text.insert(at, (char) random.nextInt(256));
        }
    }
}
