package dev.walcast.cdc.text;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Rewrites a `json` value's text as `jsonb` prints it: keys sorted, the last of equal keys kept, numbers as
/// `numeric` prints them, `", "` and `": "` between.
///
/// Nothing here is recursive, so a value may be nested as deeply as Postgres stores it. First the values are
/// written in their own order. An object whose keys are not in order is recorded, and its members are sorted at
/// the end.
final class JsonbNormalizer {
    /// The most characters by which a value may grow. A number with an exponent takes a few bytes in `json` and
    /// up to 131,072 digits in `jsonb`.
    static final int GROWTH_MAX = 16 << 20;

    /// The shorter key first, then by bytes.
    private static final Comparator<String> KEY_ORDER = Comparator.<String, byte[]>comparing(
            key -> key.getBytes(StandardCharsets.UTF_8),
            Comparator.<byte[]>comparingInt(bytes -> bytes.length).thenComparing(Arrays::compareUnsigned));

    private final String text;
    private final long lengthMax;
    private final StringBuilder written = new StringBuilder();

    /// Objects with unsorted keys, by their start in the output.
    private final Map<Integer, Sorted> unsorted = new HashMap<>();

    private final Deque<Open> open = new ArrayDeque<>();
    private int at;

    JsonbNormalizer(String text) {
        this.text = text;
        this.lengthMax = 3L * text.length() + GROWTH_MAX;
    }

    /// A list or object whose end was not read yet.
    ///
    /// @param members null for a list
    private record Open(@Nullable Members members) {}

    /// The members of an object so far: the keys, and where each member's text begins and ends.
    private static final class Members {
        private final int start;
        private final List<String> keys = new ArrayList<>();
        private int[] starts = new int[4];
        private int[] ends = new int[4];
        private boolean inOrder = true;

        Members(int start) {
            this.start = start;
        }

        void begin(String key, int position) {
            int last = keys.size() - 1;
            inOrder = inOrder && (last < 0 || KEY_ORDER.compare(keys.get(last), key) < 0);
            keys.add(key);
            if (keys.size() > starts.length) {
                starts = Arrays.copyOf(starts, 2 * starts.length);
                ends = Arrays.copyOf(ends, 2 * ends.length);
            }
            starts[keys.size() - 1] = position;
        }

        void end(int position) {
            ends[keys.size() - 1] = position;
        }

        Sorted sorted(int end) {
            List<Integer> order = new ArrayList<>();
            for (int member : keyOrder(keys)) {
                int last = order.size() - 1;
                if (last >= 0 && keys.get(order.get(last)).equals(keys.get(member))) {
                    order.removeLast();
                }
                order.add(member);
            }
            int[] places = order.stream().mapToInt(member -> member).toArray();
            return new Sorted(
                    Arrays.stream(places).map(member -> starts[member]).toArray(),
                    Arrays.stream(places).map(member -> ends[member]).toArray(),
                    end);
        }
    }

    /// An object's members in their sorted order, by their positions in the output.
    ///
    /// @param end where the object ends
    private record Sorted(int[] starts, int[] ends, int end) {}

    /// Returns the indexes of the keys in `jsonb`'s order. Equal keys keep their own order.
    static List<Integer> keyOrder(List<String> keys) {
        return IntStream.range(0, keys.size())
                .boxed()
                .sorted(Comparator.comparing(keys::get, KEY_ORDER))
                .toList();
    }

    /// @throws NotExactException when `to_jsonb` fails for the value, or what it prints would be too large
    void write(StringBuilder out) throws NotExactException {
        do {
            beginValue();
        } while (goesOn());
        while (at < text.length()) {
            if (!isBlank(text.charAt(at++))) {
                throw new NotExactException();
            }
        }
        if (unsorted.isEmpty()) {
            out.append(written);
        } else {
            writeSorted(out);
        }
    }

    // -- reading

    /// Reads a scalar, or a list or object up to the start of its first value.
    private void beginValue() throws NotExactException {
        while (true) {
            char c = next();
            if (c != '{' && c != '[') {
                scalar(c);
                return;
            }
            at++;
            written.append(c);
            open.push(new Open(c == '{' ? new Members(written.length() - 1) : null));
            if (next() == (c == '{' ? '}' : ']')) {
                return;
            }
            if (c == '{') {
                key();
            }
        }
    }

    /// Reads what follows a value, or ends an empty list or object.
    ///
    /// @return whether another value follows
    private boolean goesOn() throws NotExactException {
        while (!open.isEmpty()) {
            Members members = open.peek().members;
            char c = next();
            at++;
            if (c == ',') {
                if (members != null) {
                    members.end(written.length());
                }
                written.append(", ");
                if (members != null) {
                    key();
                }
                return true;
            }
            if (c != (members == null ? ']' : '}')) {
                throw new NotExactException();
            }
            if (members != null && !members.keys.isEmpty()) {
                members.end(written.length());
            }
            written.append(c);
            if (members != null && !members.inOrder) {
                unsorted.put(members.start, members.sorted(written.length()));
            }
            open.pop();
        }
        return false;
    }

    private void key() throws NotExactException {
        if (next() != '"') {
            throw new NotExactException();
        }
        String key = string();
        Members members = open.element().members;
        if (members == null || next() != ':') {
            throw new NotExactException();
        }
        at++;
        members.begin(key, written.length());
        JsonText.string(written, key);
        written.append(": ");
        checkLength();
    }

    private void scalar(char first) throws NotExactException {
        switch (first) {
            case '"' -> JsonText.string(written, string());
            case 't' -> literal("true");
            case 'f' -> literal("false");
            case 'n' -> literal("null");
            default -> written.append(JsonText.numeric(number()));
        }
        checkLength();
    }

    private void checkLength() throws NotExactException {
        if (written.length() > lengthMax) {
            throw new NotExactException();
        }
    }

    private void literal(String word) throws NotExactException {
        if (!text.startsWith(word, at)) {
            throw new NotExactException();
        }
        at += word.length();
        written.append(word);
    }

    private String number() throws NotExactException {
        int start = at;
        while (at < text.length() && "+-.eE0123456789".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
        if (at == start) {
            throw new NotExactException();
        }
        return text.substring(start, at);
    }

    private String string() throws NotExactException {
        StringBuilder value = new StringBuilder();
        at++;
        while (current() != '"') {
            char c = current();
            at++;
            if (c == '\\') {
                escaped(value);
            } else {
                value.append(c);
            }
        }
        at++;
        return value.toString();
    }

    private void escaped(StringBuilder value) throws NotExactException {
        char c = current();
        at++;
        switch (c) {
            case 'b' -> value.append('\b');
            case 'f' -> value.append('\f');
            case 'n' -> value.append('\n');
            case 'r' -> value.append('\r');
            case 't' -> value.append('\t');
            case 'u' -> unicode(value);
            default -> value.append(c);
        }
    }

    /// Reads an escaped character. `jsonb` allows neither the character zero nor half of a surrogate pair:
    /// `to_jsonb` of such a `json` is an error.
    private void unicode(StringBuilder value) throws NotExactException {
        char first = codeUnit();
        if (first == 0 || Character.isLowSurrogate(first)) {
            throw new NotExactException();
        }
        value.append(first);
        if (Character.isHighSurrogate(first)) {
            if (!text.startsWith("\\u", at)) {
                throw new NotExactException();
            }
            at += 2;
            char second = codeUnit();
            if (!Character.isLowSurrogate(second)) {
                throw new NotExactException();
            }
            value.append(second);
        }
    }

    private char codeUnit() throws NotExactException {
        int code = 0;
        for (int i = 0; i < 4; i++) {
            int digit = Character.digit(current(), 16);
            if (digit < 0) {
                throw new NotExactException();
            }
            code = 16 * code + digit;
            at++;
        }
        return (char) code;
    }

    private char current() throws NotExactException {
        if (at >= text.length()) {
            throw new NotExactException();
        }
        return text.charAt(at);
    }

    /// Returns the next character that is no white space, without consuming it.
    private char next() throws NotExactException {
        while (isBlank(current())) {
            at++;
        }
        return current();
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }

    // -- putting members in order

    /// What remains to be copied: the members of an unsorted object, or, without members, a range of text.
    private static final class Copying {
        private final Sorted object;
        private int member;

        /// The rest of the current member.
        private int from;

        private int to;

        Copying(Sorted object) {
            this.object = object;
        }

        /// @return whether there is another member, which is then the current one
        boolean hasNext() {
            if (member == object.starts.length) {
                return false;
            }
            from = object.starts[member];
            to = object.ends[member];
            member++;
            return true;
        }
    }

    private void writeSorted(StringBuilder out) {
        int[] begins =
                unsorted.keySet().stream().mapToInt(start -> start).sorted().toArray();
        Copying whole = new Copying(new Sorted(new int[] {0}, new int[] {written.length()}, written.length()));
        boolean _ = whole.hasNext();
        Deque<Copying> stack = new ArrayDeque<>();
        stack.push(whole);
        while (!stack.isEmpty()) {
            Copying copying = stack.element();
            int inner = firstFrom(begins, copying.from);
            if (inner < begins.length && begins[inner] < copying.to) {
                Sorted object = unsorted.get(begins[inner]);
                out.append(written, copying.from, begins[inner]).append('{');
                copying.from = java.util.Objects.requireNonNull(object).end;
                Copying members = new Copying(object);
                boolean _ = members.hasNext();
                stack.push(members);
                continue;
            }
            out.append(written, copying.from, copying.to);
            copying.from = copying.to;
            if (copying.hasNext()) {
                out.append(", ");
            } else {
                stack.pop();
                if (!stack.isEmpty()) {
                    out.append('}');
                }
            }
        }
    }

    /// Returns the index of the first position that is not before the given one.
    private static int firstFrom(int[] places, int place) {
        int found = Arrays.binarySearch(places, place);
        return found >= 0 ? found : -found - 1;
    }
}
