package dev.walcast.rls.catalog;

import dev.walcast.rls.policy.NodeTree;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Finds the objects that expressions refer to, by oid.
final class TreeReferences {
    private static final Pattern NUMBER = Pattern.compile("(?<![0-9])[0-9]{5,10}(?![0-9])");

    private static final Pattern DATUM = Pattern.compile("\\[ [-0-9 ]*+\\]");

    /// Types such as `regclass`, whose values are oids that Postgres prints as names, and arrays of them.
    private static final Set<Long> NAMED_BY_OID = Set.of(
            24L, 2202L, 2203L, 2204L, 2205L, 2206L, 3734L, 3769L, 4089L, 4096L, 4191L, 1008L, 2207L, 2208L, 2209L,
            2210L, 2211L, 3735L, 3770L, 4090L, 4097L, 4192L);

    private TreeReferences() {}

    static Set<Long> functions(Collection<NodeTree> trees) {
        Set<Long> oids = new HashSet<>();
        trees.forEach(tree -> tree.forEachFunction(oids::add));
        return oids;
    }

    static Set<Long> operators(Collection<NodeTree> trees) {
        return field(trees, "opno");
    }

    static Set<Long> relations(Collection<NodeTree> trees) {
        return field(trees, "relid");
    }

    private static Set<Long> field(Collection<NodeTree> trees, String field) {
        Set<Long> oids = new HashSet<>();
        for (NodeTree tree : trees) {
            tree.forEach(node -> {
                long oid = node.number(field);
                if (oid > 0) {
                    oids.add(oid);
                }
            });
        }
        return oids;
    }

    /// Returns every number that may be the oid of a user's object on which the printed text depends. A wrong
    /// number in it does no harm.
    static Set<Long> names(NodeTree tree) {
        Set<Long> oids = new HashSet<>();
        Matcher number = NUMBER.matcher(tree.source());
        while (number.find()) {
            oids.add(Long.parseLong(number.group()));
        }
        Matcher datum = DATUM.matcher(tree.isOpaque() ? tree.source() : "");
        while (datum.find()) {
            addValues(datum.group(), oids);
        }
        tree.forEach(node -> {
            long type = node.number("consttype");
            if (type >= CatalogObject.FIRST_USER_OID || NAMED_BY_OID.contains(type)) {
                addValues(node.text("constvalue"), oids);
            }
        });
        oids.removeIf(oid -> oid < CatalogObject.FIRST_USER_OID || oid > 0xFFFF_FFFFL);
        return oids;
    }

    /// Adds the numbers at every fourth byte of a constant, such as `4 [ 1 64 0 0 0 0 0 0 ]`: each may be an oid.
    private static void addValues(String datum, Set<Long> oids) {
        List<Integer> bytes = new ArrayList<>();
        int open = datum.indexOf('[');
        int close = datum.indexOf(']');
        if (open < 0 || close < open) {
            return;
        }
        for (String value : datum.substring(open + 1, close).strip().split(" ", -1)) {
            bytes.add(value.isEmpty() ? 0 : Integer.parseInt(value) & 0xFF);
        }
        for (int i = 0; i + 4 <= bytes.size(); i += 4) {
            long big = 0;
            long little = 0;
            for (int j = 0; j < 4; j++) {
                big = big << 8 | bytes.get(i + j);
                little |= (long) bytes.get(i + j) << (8 * j);
            }
            oids.add(big);
            oids.add(little);
        }
    }
}
