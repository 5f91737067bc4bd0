package dev.walcast.rls.policy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/// An expression as Postgres stores it after it has resolved every name (`pg_node_tree`). Functions, operators and
/// types are oids, so their meaning does not depend on a `search_path`. Trees are equal when their texts are equal.
/// Immutable.
public final class NodeTree {
    /// How deep nodes and lists may be nested. Plans made from a tree are walked recursively, and must fit the
    /// smallest stack.
    static final int DEPTH_MAX = 256;

    /// Longer texts are not parsed, because they would become too many objects.
    private static final int PARSED_LENGTH_MAX = 1 << 20;

    private static final String OPAQUE = "OPAQUE";

    /// The fields that hold the oid of a function, in all kinds of nodes.
    private static final List<String> FUNCTION_FIELDS = List.of("funcid", "opfuncid", "aggfnoid", "winfnoid");

    private final String name;
    private final Map<String, Object> fields;
    private final String source;
    private final int from;
    private final int to;

    /// @param fields a text, a [NodeTree], or a list of these; a field that holds nothing is absent
    private NodeTree(String name, Map<String, Object> fields, String source, int from, int to) {
        this.name = name;
        this.fields = fields;
        this.source = source;
        this.from = from;
        this.to = to;
    }

    /// Parses the text of a node.
    ///
    /// @throws IllegalArgumentException when the text is not a node, or is nested too deep
    static NodeTree parse(String text) {
        Reader reader = new Reader(text);
        Object value = reader.value(0);
        if (value instanceof NodeTree tree) {
            reader.expectEnd();
            return tree;
        }
        throw new IllegalArgumentException("not a node");
    }

    /// Makes a tree that has a text but no fields. Only Postgres can evaluate it.
    static NodeTree opaque(String text) {
        return new NodeTree(OPAQUE, Map.of(), text, 0, text.length());
    }

    /// Parses the text of a node; returns an opaque tree when the text cannot be parsed or is too long. Never
    /// throws.
    public static NodeTree parseOrOpaque(String text) {
        if (text.length() > PARSED_LENGTH_MAX) {
            return opaque(text);
        }
        try {
            return parse(text);
        } catch (RuntimeException | StackOverflowError e) {
            return opaque(text);
        }
    }

    /// Whether the text was not parsed. The tree then has no fields.
    public boolean isOpaque() {
        return name.equals(OPAQUE);
    }

    /// Returns the kind of the node, such as `OPEXPR`.
    String name() {
        return name;
    }

    /// Returns the text that Postgres stores for this node.
    public String source() {
        return source.substring(from, to);
    }

    /// Returns the node in a field; null when the field holds none.
    @Nullable
    NodeTree node(String field) {
        return fields.get(field) instanceof NodeTree tree ? tree : null;
    }

    /// Returns the nodes of a list; empty when the field is empty or absent.
    List<NodeTree> nodes(String field) {
        List<NodeTree> nodes = new ArrayList<>();
        if (fields.get(field) instanceof List<?> list) {
            for (Object item : list) {
                if (item instanceof NodeTree tree) {
                    nodes.add(tree);
                }
            }
        }
        return nodes;
    }

    /// Returns the text of a field; empty when there is none.
    public String text(String field) {
        return fields.get(field) instanceof String text ? text : "";
    }

    /// Returns the number in a field; -1 when there is none.
    public long number(String field) {
        String text = text(field);
        if (text.isEmpty() || text.length() > 18) {
            return -1;
        }
        for (int i = text.charAt(0) == '-' && text.length() > 1 ? 1 : 0; i < text.length(); i++) {
            if (text.charAt(i) < '0' || text.charAt(i) > '9') {
                return -1;
            }
        }
        return Long.parseLong(text);
    }

    /// Whether the field is empty or absent.
    boolean isEmpty(String field) {
        return !fields.containsKey(field);
    }

    /// Calls the action for this node and every node below it, parents first.
    public void forEach(Consumer<NodeTree> action) {
        walk(0, (node, level) -> {
            action.accept(node);
            return level;
        });
    }

    /// Passes to the action the oid of every function that the tree calls, also through operators. An oid may be
    /// passed more than once.
    public void forEachFunction(LongConsumer action) {
        forEach(node -> {
            for (String field : FUNCTION_FIELDS) {
                long oid = node.number(field);
                if (oid > 0) {
                    action.accept(oid);
                }
            }
        });
    }

    /// Visits the nodes of a walk.
    @FunctionalInterface
    interface Visitor {
        /// Visits one node.
        ///
        /// @param level the level that the visit of the parent returned
        /// @return the level of the nodes directly below
        int visit(NodeTree node, int level);
    }

    private record Visit(Object value, int level) {}

    /// Visits this node and every node below it, parents first. Does not recurse.
    void walk(int level, Visitor visitor) {
        Deque<Visit> open = new ArrayDeque<>();
        open.push(new Visit(this, level));
        while (!open.isEmpty()) {
            Visit visit = open.pop();
            if (visit.value instanceof NodeTree node) {
                int below = visitor.visit(node, visit.level);
                push(open, List.copyOf(node.fields.values()), below);
            } else if (visit.value instanceof List<?> list) {
                push(open, list, visit.level);
            }
        }
    }

    private static void push(Deque<Visit> open, List<?> values, int level) {
        for (Object value : values.reversed()) {
            if (!(value instanceof String)) {
                open.push(new Visit(value, level));
            }
        }
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other == this
                || (other instanceof NodeTree that
                        && to - from == that.to - that.from
                        && name.equals(that.name)
                        && source.regionMatches(from, that.source, that.from, to - from));
    }

    @Override
    public int hashCode() {
        return source().hashCode();
    }

    @Override
    public String toString() {
        return source();
    }

    /// Parses the output of Postgres' `outfuncs.c`, as its `read.c` does. Only blanks, line feeds, tabs and
    /// brackets end a word. A backslash protects the next character.
    private static final class Reader {
        private static final String ENDS = " \n\t(){}";

        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        /// Reads one value.
        ///
        /// @return a node, a list or a text; null for `<>`
        @Nullable
        Object value(int depth) {
            if (depth > DEPTH_MAX) {
                throw new IllegalArgumentException("nested too deep");
            }
            skipBlanks();
            return switch (peek()) {
                case '{' -> node(depth);
                case '(' -> list(depth);
                default -> meaning(word());
            };
        }

        private NodeTree node(int depth) {
            int from = at++;
            skipBlanks();
            String name = word();
            Map<String, Object> fields = new LinkedHashMap<>();
            for (skipBlanks(); peek() != '}'; skipBlanks()) {
                String field = word();
                if (!field.startsWith(":")) {
                    throw new IllegalArgumentException("a field was expected at " + at);
                }
                Object value = fieldValue(depth);
                if (value != null) {
                    fields.put(field.substring(1), value);
                }
            }
            return new NodeTree(name, fields, text, from, ++at);
        }

        /// Reads the value of a field. Its first word belongs to the value even when it begins with a colon.
        /// Several words, such as the bytes of a constant, are joined to one text.
        private @Nullable Object fieldValue(int depth) {
            Object first = value(depth + 1);
            skipBlanks();
            if (peek() == ':' || peek() == '}') {
                return first;
            }
            StringBuilder words = new StringBuilder(first == null ? "<>" : String.valueOf(first));
            while (peek() != ':' && peek() != '}') {
                words.append(' ').append(value(depth + 1));
                skipBlanks();
            }
            return words.toString();
        }

        private List<Object> list(int depth) {
            at++;
            List<Object> items = new ArrayList<>();
            for (skipBlanks(); peek() != ')'; skipBlanks()) {
                Object item = value(depth + 1);
                items.add(item == null ? "" : item);
            }
            at++;
            return items;
        }

        private static @Nullable String meaning(String word) {
            if (word.equals("<>")) {
                return null;
            }
            boolean quoted = word.length() > 1 && word.startsWith("\"") && word.endsWith("\"");
            return unprotected(quoted ? word.substring(1, word.length() - 1) : word);
        }

        private static String unprotected(String word) {
            if (word.indexOf('\\') < 0) {
                return word;
            }
            StringBuilder out = new StringBuilder(word.length());
            for (int i = 0; i < word.length(); i++) {
                if (word.charAt(i) == '\\' && i + 1 < word.length()) {
                    i++;
                }
                out.append(word.charAt(i));
            }
            return out.toString();
        }

        private String word() {
            int from = at;
            while (at < text.length() && ENDS.indexOf(text.charAt(at)) < 0) {
                at += text.charAt(at) == '\\' ? 2 : 1;
            }
            at = Math.min(at, text.length());
            if (at == from) {
                throw new IllegalArgumentException("a word was expected at " + at);
            }
            return text.substring(from, at);
        }

        private void skipBlanks() {
            while (at < text.length() && " \n\t".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
        }

        private char peek() {
            if (at >= text.length()) {
                throw new IllegalArgumentException("the text ends too early");
            }
            return text.charAt(at);
        }

        void expectEnd() {
            skipBlanks();
            if (at < text.length()) {
                throw new IllegalArgumentException("the text goes on after the node");
            }
        }
    }
}
