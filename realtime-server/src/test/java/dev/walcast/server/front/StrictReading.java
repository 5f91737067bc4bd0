package dev.walcast.server.front;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A second implementation of RFC 9112, independent of the server's: on a complete text, with regular expressions.
final class StrictReading {
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
    private static final Pattern FIRST_LINE = Pattern.compile("(" + TOKEN + ") ([!-~]+) HTTP/1\\.([01])");
    private static final Pattern FIELD = Pattern.compile("(" + TOKEN + "):[ \\t]*(.*?)[ \\t]*", Pattern.DOTALL);
    private static final Pattern BAD = Pattern.compile("[\\x00-\\x08\\x0a-\\x1f\\x7f]");
    private static final String NAME_OR_LITERAL = "(?:[A-Za-z0-9._~!$&'()*+,;=-]+|\\[[0-9A-Fa-f:.]{2,}\\])";
    private static final Pattern AUTHORITY = Pattern.compile(NAME_OR_LITERAL + "(?::([0-9]{0,5}))?");
    private static final Pattern ABSOLUTE = Pattern.compile("(?i:https?)://([^/?]*)(.*)");
    private static final Pattern CHUNK_LINE = Pattern.compile("([0-9A-Fa-f]{1,16})(?:[ \\t]*;[ \\t]*" + TOKEN
            + "(?:[ \\t]*=[ \\t]*(?:" + TOKEN + "|\"(?:[^\"\\\\]|\\\\[ -~\\t])*\"))?)*");
    private static final List<String> METHODS = List.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final List<String> ONCE = List.of(
            "host",
            "content-length",
            "transfer-encoding",
            "content-type",
            "expect",
            "upgrade",
            "authorization",
            "sec-websocket-key",
            "sec-websocket-version");

    /// How a connection ends.
    enum Ending {
        /// After its last request, or in the middle of one.
        CLOSED,
        REFUSED
    }

    record Request(String method, String target, String host, String body) {}

    final List<Request> requests = new ArrayList<>();
    private final String text;
    private int at;

    private StrictReading(String text) {
        this.text = text;
    }

    private static final class Bad extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final class Cut extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    record Result(List<Request> requests, Ending ending) {}

    static Result of(String text) {
        StrictReading reading = new StrictReading(text);
        try {
            boolean more = true;
            while (more) {
                more = reading.request();
            }
            return new Result(reading.requests, Ending.CLOSED);
        } catch (Cut _) {
            return new Result(reading.requests, Ending.CLOSED);
        } catch (Bad _) {
            return new Result(reading.requests, Ending.REFUSED);
        }
    }

    private static void demand(boolean holds) {
        if (!holds) {
            throw new Bad();
        }
    }

    /// Bytes are looked at when they come, so a bad one counts even when the line has no end.
    private String line(boolean isFirst, int max) {
        int end = text.indexOf('\r', at);
        int feed = text.indexOf('\n', at);
        int stop = end < 0 ? (feed < 0 ? text.length() : feed) : (feed < 0 ? end : Math.min(end, feed));
        String line = text.substring(at, stop);
        demand(line.length() <= max);
        demand(!BAD.matcher(line).find());
        demand(!isFirst || line.chars().allMatch(c -> c >= ' ' && c < 0x7f));
        if (stop == text.length() || (stop == end && stop + 1 == text.length())) {
            throw new Cut();
        }
        demand(stop == end && text.charAt(stop + 1) == '\n');
        at = stop + 2;
        return line;
    }

    private boolean request() {
        String line = line(true, 16_384);
        if (line.isEmpty()) {
            line = line(true, 16_384);
            demand(!line.isEmpty());
        }
        List<String[]> fields = new ArrayList<>();
        List<String> raw = new ArrayList<>();
        int left = 16_384;
        for (String field = line(false, left); !field.isEmpty(); field = line(false, left)) {
            left -= field.length();
            raw.add(field);
            demand(raw.size() <= 128);
        }
        Matcher first = FIRST_LINE.matcher(line);
        demand(first.matches());
        for (String field : raw) {
            Matcher matcher = FIELD.matcher(field);
            demand(matcher.matches());
            String name = matcher.group(1).toLowerCase(Locale.ROOT);
            demand(!ONCE.contains(name) || one(fields, name) == null);
            fields.add(new String[] {name, matcher.group(2)});
        }
        boolean old = first.group(3).equals("0");
        return body(first.group(1), target(first.group(1), first.group(2), host(fields, old)), fields, old);
    }

    private static @Nullable String one(List<String[]> fields, String name) {
        return fields.stream()
                .filter(field -> field[0].equals(name))
                .map(field -> field[1])
                .findFirst()
                .orElse(null);
    }

    private static boolean isAuthority(String text) {
        Matcher matcher = AUTHORITY.matcher(text);
        return matcher.matches()
                && (matcher.group(1) == null
                        || matcher.group(1).isEmpty()
                        || Integer.parseInt(matcher.group(1)) <= 65_535);
    }

    private static String host(List<String[]> fields, boolean old) {
        String host = one(fields, "host");
        demand(host != null || old);
        demand(host == null || isAuthority(host));
        return host == null ? "localhost" : host;
    }

    /// Host and target, with a space between them.
    private static String target(String method, String target, String host) {
        demand(METHODS.contains(method));
        demand(target.indexOf('#') < 0);
        Matcher absolute = ABSOLUTE.matcher(target);
        if (absolute.matches()) {
            demand(isAuthority(absolute.group(1)));
            String rest = absolute.group(2);
            return absolute.group(1) + " " + (rest.startsWith("/") ? rest : "/" + rest);
        }
        demand(target.startsWith("/") || (target.equals("*") && method.equals("OPTIONS")));
        return host + " " + (target.equals("*") ? "/" : target);
    }

    private boolean body(String method, String hostAndTarget, List<String[]> fields, boolean old) {
        String length = one(fields, "content-length");
        String coding = one(fields, "transfer-encoding");
        String expect = one(fields, "expect");
        demand(length == null || coding == null);
        demand(coding == null || (!old && coding.equalsIgnoreCase("chunked")));
        demand(length == null || length.matches("[0-9]{1,18}"));
        demand(expect == null || old || expect.equalsIgnoreCase("100-continue"));
        String upgrade = one(fields, "upgrade");
        demand(!old
                || (one(fields, "sec-websocket-key") == null
                        && (upgrade == null || !("," + upgrade + ",").matches("(?i).*,[ \\t]*websocket[ \\t]*,.*"))));
        boolean keep = keep(fields, old);
        String body = "";
        if (coding != null) {
            try {
                body = chunks();
            } catch (Cut _) {
                throw new Bad();
            }
        } else if (length != null) {
            long size = Long.parseLong(length);
            demand(text.length() - at >= size);
            body = text.substring(at, at + (int) size);
            at += (int) size;
        }
        String[] parts = hostAndTarget.split(" ", -1);
        requests.add(new Request(method, parts[1], parts[0], body));
        return keep;
    }

    private static boolean keep(List<String[]> fields, boolean old) {
        List<String> options = fields.stream()
                .filter(field -> field[0].equals("connection"))
                .flatMap(field -> java.util.Arrays.stream(field[1].split(",", -1)))
                .map(option -> option.replaceAll("^[ \\t]+|[ \\t]+$", "").toLowerCase(Locale.ROOT))
                .toList();
        return !options.contains("close") && (!old || options.contains("keep-alive"));
    }

    private String chunks() {
        StringBuilder body = new StringBuilder();
        while (true) {
            String line = line(true, 256, true);
            Matcher matcher = CHUNK_LINE.matcher(line);
            demand(matcher.matches());
            java.math.BigInteger size = new java.math.BigInteger(matcher.group(1), 16);
            demand(size.bitLength() < 32);
            int count = size.intValueExact();
            if (count == 0) {
                trailer();
                return body.toString();
            }
            if (text.length() - at < count) {
                throw new Cut();
            }
            body.append(text, at, at + count);
            at += count;
            for (char c : new char[] {'\r', '\n'}) {
                if (at == text.length()) {
                    throw new Cut();
                }
                demand(text.charAt(at++) == c);
            }
        }
    }

    private String line(boolean isFirst, int max, boolean tabs) {
        String from = text;
        int start = at;
        int end = from.indexOf('\r', start);
        String line = from.substring(start, end < 0 ? from.length() : end);
        demand(line.chars().limit(max + 1L).allMatch(c -> (c >= ' ' && c < 0x7f) || (tabs && c == '\t')));
        demand(line.length() <= max);
        if (end < 0 || end + 1 == from.length()) {
            throw new Cut();
        }
        demand(from.charAt(end + 1) == '\n' && isFirst);
        at = end + 2;
        return line;
    }

    private void trailer() {
        List<String> raw = new ArrayList<>();
        for (String field = line(false, 16_384); !field.isEmpty(); field = line(false, 16_384)) {
            raw.add(field);
        }
        raw.forEach(field -> demand(FIELD.matcher(field).matches()));
    }
}
