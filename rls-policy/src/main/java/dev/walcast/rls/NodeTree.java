package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// An expression as Postgres has it stored after looking up every name (`pg_node_tree`): functions, operators and
/// types are oids here, so no `search_path` can change what they mean.
///
/// @param name   the node's kind, `OPEXPR`
/// @param fields a text, a [NodeTree], or a list of these
record NodeTree(String name, Map<String, Object> fields) {
    /// @throws IllegalArgumentException when it is not the text of a node
    static NodeTree parse(String text) {
        Object value = new Reader(text).value();
        if (value instanceof NodeTree tree) {
            return tree;
        }
        throw new IllegalArgumentException("not a node");
    }

    /// The node in a field; null when the field holds none.
    @Nullable
    NodeTree node(String field) {
        return fields.get(field) instanceof NodeTree tree ? tree : null;
    }

    /// The nodes of a list; empty when the field is empty or absent.
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

    /// A field's plain text; empty when there is none.
    String text(String field) {
        return fields.get(field) instanceof String text ? text : "";
    }

    /// A field's number; -1 when there is none.
    long number(String field) {
        String text = text(field);
        return text.matches("-?\\d{1,18}") ? Long.parseLong(text) : -1;
    }

    boolean isEmpty(String field) {
        return !fields.containsKey(field) || text(field).equals("<>");
    }

    /// Calls the action for this node and every node below.
    void forEach(Consumer<NodeTree> action) {
        action.accept(this);
        fields.values().forEach(value -> forEachIn(value, action));
    }

    private static void forEachIn(Object value, Consumer<NodeTree> action) {
        if (value instanceof NodeTree tree) {
            tree.forEach(action);
        } else if (value instanceof List<?> list) {
            list.forEach(item -> forEachIn(requireNonNull(item), action));
        }
    }

    private static final class Reader {
        private final String text;
        private int at;

        Reader(String text) {
            this.text = text;
        }

        Object value() {
            skipBlanks();
            return switch (peek()) {
                case '{' -> node();
                case '(' -> list();
                case '"' -> quoted();
                default -> atom();
            };
        }

        private NodeTree node() {
            at++;
            String name = atom();
            Map<String, Object> fields = new LinkedHashMap<>();
            for (skipBlanks(); peek() != '}'; skipBlanks()) {
                String field = atom();
                if (!field.startsWith(":")) {
                    throw new IllegalArgumentException("a field was expected at " + at);
                }
                fields.put(field.substring(1), fieldValue());
            }
            at++;
            return new NodeTree(name, fields);
        }

        /// A value of several words, like a datum's bytes, is their text.
        private Object fieldValue() {
            Object first = value();
            skipBlanks();
            if (peek() == ':' || peek() == '}') {
                return first;
            }
            StringBuilder words = new StringBuilder(String.valueOf(first));
            while (peek() != ':' && peek() != '}') {
                words.append(' ').append(value());
                skipBlanks();
            }
            return words.toString();
        }

        private List<Object> list() {
            at++;
            List<Object> items = new ArrayList<>();
            for (skipBlanks(); peek() != ')'; skipBlanks()) {
                items.add(value());
            }
            at++;
            return items;
        }

        private String quoted() {
            StringBuilder out = new StringBuilder();
            for (at++; peek() != '"'; at++) {
                if (peek() == '\\') {
                    at++;
                }
                out.append(peek());
            }
            at++;
            return out.toString();
        }

        private String atom() {
            StringBuilder out = new StringBuilder();
            while (at < text.length() && " \n\t(){}".indexOf(text.charAt(at)) < 0) {
                if (text.charAt(at) == '\\') {
                    at++;
                }
                out.append(peek());
                at++;
            }
            if (out.isEmpty()) {
                throw new IllegalArgumentException("a word was expected at " + at);
            }
            return out.toString();
        }

        private void skipBlanks() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }

        private char peek() {
            if (at >= text.length()) {
                throw new IllegalArgumentException("the text ends too early");
            }
            return text.charAt(at);
        }
    }
}
