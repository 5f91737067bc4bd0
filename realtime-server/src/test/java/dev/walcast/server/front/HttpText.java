package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// A client that sends bytes unchanged and parses responses strictly.
final class HttpText {
    private HttpText() {}

    /// One answer.
    record Reply(int status, List<String> headers, String body) {
        Optional<String> header(String name) {
            String start = name.toLowerCase(Locale.ROOT) + ":";
            return headers.stream()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(start))
                    .map(line -> line.substring(start.length()).strip())
                    .findFirst();
        }
    }

    /// Sends and reads until the server ends the connection.
    ///
    /// @throws SocketTimeoutException when it does not
    static String converse(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write(request.getBytes(ISO_8859_1));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try {
                socket.getInputStream().transferTo(answer);
            } catch (SocketException _) {
                // a reset is an end, too
            }
            return answer.toString(ISO_8859_1);
        }
    }

    /// Parses the responses of one connection.
    ///
    /// @param methods the methods of the requests, because the response to HEAD has no body
    static List<Reply> replies(String bytes, List<String> methods) {
        List<Reply> replies = new ArrayList<>();
        int at = 0;
        while (at < bytes.length()) {
            int end = bytes.indexOf("\r\n\r\n", at);
            if (end < 0) {
                throw new AssertionError("incomplete response: " + bytes.substring(at));
            }
            List<String> lines = List.of(bytes.substring(at, end).split("\r\n", -1));
            if (!lines.getFirst().matches("HTTP/1\\.1 [1-5][0-9]{2} .*")) {
                throw new AssertionError("not a response: " + lines.getFirst());
            }
            int status = Integer.parseInt(lines.getFirst().substring(9, 12));
            Reply head = new Reply(status, lines.subList(1, lines.size()), "");
            at = end + 4;
            if (status == 100) {
                continue;
            }
            boolean isHead = replies.size() < methods.size()
                    && methods.get(replies.size()).equals("HEAD");
            String body = "";
            if (!isHead && head.header("Transfer-Encoding").isPresent()) {
                StringBuilder data = new StringBuilder();
                at = dechunk(bytes, at, data);
                body = data.toString();
            } else if (!isHead) {
                int length =
                        head.header("Content-Length").map(Integer::parseInt).orElse(bytes.length() - at);
                if (bytes.length() - at < length) {
                    throw new AssertionError("incomplete body: " + bytes.substring(end));
                }
                body = bytes.substring(at, at + length);
                at += length;
            }
            replies.add(new Reply(status, head.headers(), body));
        }
        return replies;
    }

    private static int dechunk(String bytes, int start, StringBuilder data) {
        int at = start;
        while (true) {
            int end = bytes.indexOf("\r\n", at);
            int size = Integer.parseInt(bytes.substring(at, end), 16);
            data.append(bytes, end + 2, end + 2 + size);
            at = end + 2 + size + 2;
            if (size == 0) {
                return at;
            }
        }
    }
}
