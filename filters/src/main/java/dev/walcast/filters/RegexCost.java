package dev.walcast.filters;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;

/// Estimates how much work it is for Postgres to compile a regular expression, without compiling it.
///
/// Postgres copies what a bound repeats: `x{1,255}` is 255 times `x`. Then it removes the empty transitions,
/// which connects each part with every later part that can be reached when the parts between are skipped. The
/// estimate is the number of those connections: the edges of the position automaton, times the number of
/// colours of their characters. It grows with the square of the parts that can be skipped in sequence
/// (`(x*y*z*){1,255}` has 290,000), and Postgres' time grows faster still.
///
/// The syntax is that of Postgres' advanced regular expressions, with directors and embedded options. For a
/// malformed text, the estimate covers what Postgres reads before it finds the error.
final class RegexCost {
    /// The highest cost that is accepted. Postgres compiles such an expression in less than half a second, and
    /// nearly always within a tenth. Ordinary expressions cost some hundreds.
    static final double MAX = 10_000;

    private static final int BOUND_MAX = 255;
    private static final int UNBOUNDED = -1;

    /// Part of an expression: a state machine without empty transitions.
    ///
    /// @param first    the transitions by which it can begin
    /// @param last     the states in which it can end
    /// @param edges    the transitions inside
    /// @param nullable whether it matches the empty text
    private record Part(double first, double last, double edges, boolean nullable) {
        static final Part EMPTY = new Part(0, 0, 0, true);
        static final Part CHARACTER = new Part(1, 1, 0, false);
        /// A constraint, such as `^`, which can be passed and skipped.
        static final Part CONSTRAINT = new Part(1, 1, 0, true);

        boolean isPlain() {
            return last == 1 && edges == 0 && !nullable;
        }

        static Part ofColours(int colours) {
            return new Part(colours, 1, 0, false);
        }

        Part then(Part next) {
            return new Part(
                    first + (nullable ? next.first : 0),
                    next.last + (next.nullable ? last : 0),
                    edges + next.edges + last * next.first,
                    nullable && next.nullable);
        }

        Part or(Part other) {
            return new Part(first + other.first, last + other.last, edges + other.edges, nullable || other.nullable);
        }

        /// Postgres joins the ends of alternative texts in one state, unless they can be skipped.
        Part joined() {
            return nullable ? this : new Part(first, 1, edges + last, false);
        }

        /// @param max [#UNBOUNDED] for any number
        Part times(int min, int max) {
            int copies = max == UNBOUNDED ? Math.max(min, 1) : max;
            if (copies == 0) {
                return EMPTY;
            }
            double step = last * first;
            double loop = max == UNBOUNDED ? step * copies : 0;
            if (nullable) {
                return new Part(
                        copies * first,
                        copies * last,
                        copies * edges + copies * (copies - 1) / 2.0 * step + loop,
                        true);
            }
            int entries = max == UNBOUNDED ? 1 : max - Math.max(min, 1) + 1;
            return new Part(entries * first, last, copies * edges + (copies - 1) * step + loop, min == 0);
        }
    }

    /// The content of one pair of parentheses.
    private static final class Group {
        private final boolean isConstraint;
        /// Whether its alternatives are plain texts: nothing repeats, groups or constrains.
        private boolean plain = true;
        private Part alternatives = Part.EMPTY;
        private boolean hasAlternatives;
        private Part branch = Part.EMPTY;
        private Part atom = Part.EMPTY;

        Group(boolean isConstraint) {
            this.isConstraint = isConstraint;
        }

        void add(Part next) {
            plain &= next.isPlain();
            branch = branch.then(atom);
            atom = next;
        }

        void repeat(int min, int max) {
            plain = false;
            atom = atom.times(min, max);
        }

        void endBranch() {
            branch = branch.then(atom);
            atom = Part.EMPTY;
            alternatives = hasAlternatives ? alternatives.or(branch) : branch;
            hasAlternatives = true;
            branch = Part.EMPTY;
        }

        Part whole() {
            endBranch();
            if (isConstraint) {
                return new Part(1, 1, alternatives.edges + alternatives.first, true);
            }
            return plain ? alternatives.joined() : alternatives;
        }
    }

    private final String regex;

    /// The number of colours into which the expression divides the characters of a class. Postgres makes a
    /// transition for each.
    private final int colours;
    private final Set<String> kinds = new HashSet<>();
    private final Deque<Group> open = new ArrayDeque<>();
    private int at;
    private boolean expanded;
    private boolean basic;
    private int groups;
    private boolean refersBack;
    private double largestGroup;

    private RegexCost(String regex, int colours) {
        this.regex = regex;
        this.colours = colours;
    }

    static double of(String regex) {
        RegexCost first = new RegexCost(regex, 1);
        first.read();
        return new RegexCost(regex, 1 + first.kinds.size()).read();
    }

    private double read() {
        if (regex.startsWith("***=")) {
            return regex.length();
        }
        if (regex.startsWith("***:")) {
            at = 4;
        }
        if (readOptions()) {
            return regex.length();
        }
        open.push(new Group(false));
        while (at < regex.length()) {
            next(regex.charAt(at++));
        }
        while (open.size() > 1) {
            close();
        }
        Part all = open.element().whole();
        double cost = all.edges + all.first;
        // Postgres compiles a group with a back reference once more for itself, and all that follows it.
        return refersBack ? cost * (1 + groups) : cost;
    }

    /// Reads the embedded options, `(?xi)`.
    ///
    /// @return whether they make the rest a literal text
    private boolean readOptions() {
        int end = at + 2;
        while (end < regex.length() && Character.isLetter(regex.charAt(end))) {
            end++;
        }
        if (!regex.startsWith("(?", at) || end == at + 2 || end == regex.length() || regex.charAt(end) != ')') {
            return false;
        }
        boolean literal = false;
        for (char option : regex.substring(at + 2, end).toCharArray()) {
            switch (option) {
                case 'x' -> expanded = true;
                case 't' -> expanded = false;
                case 'q' -> literal = true;
                case 'b' -> {
                    basic = true;
                    literal = false;
                }
                case 'e' -> {
                    basic = false;
                    literal = false;
                }
                default -> {}
            }
        }
        at = end + 1;
        return literal;
    }

    private void next(char c) {
        switch (c) {
            case '\\' -> escape();
            case '[' -> bracket();
            case '.' -> add(Part.CHARACTER);
            case '^', '$' -> add(Part.CONSTRAINT);
            case '*' -> repeat(0, UNBOUNDED);
            default -> {
                if (basic || !readOperator(c)) {
                    character(c);
                }
            }
        }
    }

    private void character(char c) {
        if (expanded && Character.isWhitespace(c)) {
            return;
        }
        if (expanded && c == '#') {
            int end = regex.indexOf('\n', at);
            at = end < 0 ? regex.length() : end;
            return;
        }
        kinds.add(String.valueOf(c));
        add(Part.CHARACTER);
    }

    /// Reads a character that is an operator of advanced expressions.
    ///
    /// @return false when it is none; then nothing was read
    private boolean readOperator(char c) {
        switch (c) {
            case '(' -> open();
            case ')' -> close();
            case '|' -> open.element().endBranch();
            case '+' -> repeat(1, UNBOUNDED);
            case '?' -> repeat(0, 1);
            case '{' -> {
                return readBound();
            }
            default -> {
                return false;
            }
        }
        return true;
    }

    private void add(Part part) {
        open.element().add(part);
    }

    private void repeat(int min, int max) {
        open.element().repeat(min, max);
        if (!basic && at < regex.length() && regex.charAt(at) == '?') {
            at++;
        }
    }

    private void open() {
        if (regex.startsWith("?#", at)) {
            int end = regex.indexOf(')', at);
            at = end < 0 ? regex.length() : end + 1;
            return;
        }
        boolean constraint = false;
        for (String opening : new String[] {"?:", "?=", "?!", "?<=", "?<!"}) {
            if (regex.startsWith(opening, at)) {
                constraint = !opening.equals("?:");
                at += opening.length();
                break;
            }
        }
        groups++;
        open.push(new Group(constraint));
    }

    private void close() {
        if (open.size() == 1) {
            add(Part.CHARACTER);
            return;
        }
        Part group = open.pop().whole();
        largestGroup = Math.max(largestGroup, group.edges + group.first);
        add(group);
    }

    /// Reads `{m}`, `{m,}` or `{m,n}` behind the brace. A brace without a digit behind it is a character.
    ///
    /// @return false when it is no bound; then nothing was read
    private boolean readBound() {
        if (at >= regex.length() || !isDigit(regex.charAt(at))) {
            return false;
        }
        int min = number();
        int max = min;
        if (at < regex.length() && regex.charAt(at) == ',') {
            at++;
            max = at < regex.length() && isDigit(regex.charAt(at)) ? number() : UNBOUNDED;
        }
        int end = regex.indexOf('}', at);
        at = end < 0 ? regex.length() : end + 1;
        repeat(min, max == UNBOUNDED ? UNBOUNDED : Math.max(min, max));
        return true;
    }

    private int number() {
        int value = 0;
        while (at < regex.length() && isDigit(regex.charAt(at))) {
            value = Math.min(BOUND_MAX, 10 * value + regex.charAt(at++) - '0');
        }
        return value;
    }

    private void escape() {
        if (at >= regex.length()) {
            return;
        }
        char c = regex.charAt(at++);
        if (basic) {
            basicEscape(c);
            return;
        }
        switch (c) {
            case 'd', 'D', 's', 'S', 'w', 'W' -> {
                kinds.add("\\" + c);
                add(Part.ofColours(colours));
            }
            case 'A', 'm', 'M', 'y', 'Y', 'Z' -> add(Part.CONSTRAINT);
            default -> {
                if (c >= '1' && c <= '9') {
                    referBack();
                } else {
                    add(Part.CHARACTER);
                }
            }
        }
    }

    private void basicEscape(char c) {
        switch (c) {
            case '(' -> open();
            case ')' -> close();
            case '{' -> {
                if (!readBound()) {
                    add(Part.CHARACTER);
                }
            }
            case '<', '>' -> add(Part.CONSTRAINT);
            default -> {
                if (c >= '1' && c <= '9') {
                    referBack();
                } else {
                    add(Part.CHARACTER);
                }
            }
        }
    }

    /// Reads a back reference. Postgres copies the group; this class does not know which one, so the largest
    /// counts.
    private void referBack() {
        refersBack = true;
        double size = Math.max(1, Math.sqrt(largestGroup));
        add(new Part(size, size, largestGroup, true));
    }

    /// Reads a set of characters behind its bracket.
    private void bracket() {
        int from = at;
        if (regex.startsWith("^", at)) {
            at++;
        }
        if (regex.startsWith("]", at)) {
            at++;
        }
        while (at < regex.length() && regex.charAt(at) != ']') {
            char c = regex.charAt(at++);
            if (c == '\\' && !basic) {
                at++;
            } else if (c == '[' && at < regex.length() && ".=:".indexOf(regex.charAt(at)) >= 0) {
                int end = regex.indexOf(regex.charAt(at) + "]", at + 1);
                at = end < 0 ? regex.length() : end + 2;
            }
        }
        at = Math.min(regex.length(), at + 1);
        String inside = regex.substring(from, Math.min(at, regex.length()));
        kinds.add(inside);
        boolean isConstraint = inside.equals("[:<:]]") || inside.equals("[:>:]]");
        add(isConstraint ? Part.CONSTRAINT : Part.ofColours(colours));
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }
}
