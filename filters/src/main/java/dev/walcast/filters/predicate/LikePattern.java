package dev.walcast.filters.predicate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Evaluates LIKE and ILIKE for texts under a deterministic collation, where the result depends on the
/// characters alone.
public final class LikePattern {
    private static final int PART_MAX = 64;
    private static final long STEPS_MAX = 10_000_000;
    private static final int ANY_CHARACTER = -1;
    private static final int ANY_TEXT = -2;

    private final int[] tokens;
    private final boolean foldsCase;
    /// The texts between the `%` when the pattern has no `_`. Most patterns have none, and this test is much
    /// faster.
    private final @Nullable List<String> literals;
    /// The number of tokens between two `%`. The time to test a text grows with its length times this number.
    private final int longestPart;

    private LikePattern(int[] tokens, boolean foldsCase) {
        this.longestPart = longestPart(tokens);
        this.tokens = tokens;
        this.foldsCase = foldsCase;
        this.literals = literals(tokens);
    }

    private static int longestPart(int[] tokens) {
        int longest = 0;
        int part = 0;
        for (int token : tokens) {
            part = token == ANY_TEXT ? 0 : part + 1;
            longest = Math.max(longest, part);
        }
        return longest;
    }

    private static @Nullable List<String> literals(int[] tokens) {
        List<String> literals = new ArrayList<>();
        StringBuilder literal = new StringBuilder();
        for (int token : tokens) {
            if (token == ANY_CHARACTER) {
                return null;
            }
            if (token == ANY_TEXT) {
                literals.add(literal.toString());
                literal.setLength(0);
            } else {
                literal.appendCodePoint(token);
            }
        }
        literals.add(literal.toString());
        return List.copyOf(literals);
    }

    /// Parses the pattern of a LIKE.
    ///
    /// @throws IllegalArgumentException when the pattern ends in its escape character
    public static LikePattern of(String pattern) {
        return new LikePattern(tokens(pattern), false);
    }

    /// Parses the pattern of an ILIKE. It decides only texts that are all ASCII.
    ///
    /// @throws IllegalArgumentException when the pattern ends in its escape character
    public static LikePattern ignoringCase(String pattern) {
        return new LikePattern(tokens(lowerAscii(pattern)), true);
    }

    /// Whether the pattern ends in its escape character, which Postgres refuses.
    public static boolean endsInEscape(String pattern) {
        int backslashes = 0;
        while (backslashes < pattern.length() && pattern.charAt(pattern.length() - 1 - backslashes) == '\\') {
            backslashes++;
        }
        return backslashes % 2 == 1;
    }

    /// Whether all characters are ASCII.
    public static boolean isAscii(String text) {
        return text.chars().allMatch(c -> c < 128);
    }

    private static String lowerAscii(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.chars().forEach(c -> out.append((char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c)));
        return out.toString();
    }

    private static int[] tokens(String pattern) {
        int[] points = pattern.codePoints().toArray();
        int[] tokens = new int[points.length];
        int count = 0;
        for (int i = 0; i < points.length; i++) {
            int token = points[i];
            if (token == '\\') {
                if (++i == points.length) {
                    throw new IllegalArgumentException("the pattern ends in its escape character");
                }
                token = points[i];
            } else if (token == '_') {
                token = ANY_CHARACTER;
            } else if (token == '%') {
                token = ANY_TEXT;
            }
            if (token != ANY_TEXT || count == 0 || tokens[count - 1] != ANY_TEXT) {
                tokens[count++] = token;
            }
        }
        return Arrays.copyOf(tokens, count);
    }

    boolean foldsCase() {
        return foldsCase;
    }

    /// Whether memory tests texts of any length. Of a pattern with a long part, Postgres tests the long texts,
    /// within its time limit.
    boolean decidesAnyLength() {
        return longestPart <= PART_MAX;
    }

    /// Tests a text; [Truth#UNDECIDED] when Postgres must test it.
    Truth test(String text) {
        if (!decidesAnyLength() && (long) text.length() * longestPart > STEPS_MAX) {
            return Truth.UNDECIDED;
        }
        if (!foldsCase) {
            return Truth.of(matches(text));
        }
        return isAscii(text) ? Truth.of(matches(lowerAscii(text))) : Truth.UNDECIDED;
    }

    private boolean matches(String text) {
        return literals == null ? matchesTokens(text) : matches(text, literals);
    }

    private static boolean matches(String text, List<String> literals) {
        String first = literals.getFirst();
        String last = literals.getLast();
        if (literals.size() == 1) {
            return text.equals(first);
        }
        int end = text.length() - last.length();
        if (end < first.length() || !text.startsWith(first) || !text.endsWith(last)) {
            return false;
        }
        int at = first.length();
        for (String literal : literals.subList(1, literals.size() - 1)) {
            int found = text.indexOf(literal, at);
            if (found < 0) {
                return false;
            }
            at = found + literal.length();
        }
        return at <= end;
    }

    /// Retries only from the last `%`, so the time is at most the product of both lengths.
    private boolean matchesTokens(String text) {
        int token = 0;
        int at = 0;
        int retryToken = -1;
        int retryAt = 0;
        while (at < text.length()) {
            int point = text.codePointAt(at);
            if (token < tokens.length && tokens[token] == ANY_TEXT) {
                retryToken = ++token;
                retryAt = at;
            } else if (token < tokens.length && (tokens[token] == ANY_CHARACTER || tokens[token] == point)) {
                token++;
                at += Character.charCount(point);
            } else if (retryToken >= 0) {
                retryAt += Character.charCount(text.codePointAt(retryAt));
                at = retryAt;
                token = retryToken;
            } else {
                return false;
            }
        }
        while (token < tokens.length && tokens[token] == ANY_TEXT) {
            token++;
        }
        return token == tokens.length;
    }
}
