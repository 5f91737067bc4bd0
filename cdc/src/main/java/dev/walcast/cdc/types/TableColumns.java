package dev.walcast.cdc.types;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.Lsn;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Matches the columns of a described table with the columns of the catalog. The log has only names, and a name
/// may move: a column is renamed, or dropped and another one gets its name. The catalog is read later than the
/// change was written.
///
/// A column of the catalog is *settled* when it is proven to be unchanged since before the change was written.
/// Settled columns are found by name. Those between them are found by position, when there are as many of them
/// as unsettled columns between the same two: both lists are in the order of the column numbers. All others
/// stay unproven.
final class TableColumns {
    private final List<Attribute> attributes;
    private final Proof proof;

    /// A row of `pg_attribute`; the column may be dropped.
    ///
    /// @param made       the transaction that wrote it
    /// @param asCreated  whether the command that created the table wrote it
    /// @param inCreation whether the transaction that created the table wrote it
    record Attribute(
            int number,
            String name,
            boolean isDropped,
            boolean isGenerated,
            long made,
            boolean asCreated,
            boolean inCreation) {
        Attribute {
            requireNonNull(name, "name is null");
        }
    }

    /// Decides whether a row of `pg_attribute` is older than the change.
    @FunctionalInterface
    interface Proof {
        boolean isSettled(Attribute attribute);
    }

    /// @param attributes in the order of their numbers
    TableColumns(List<Attribute> attributes, Proof proof) {
        this.attributes = List.copyOf(attributes);
        this.proof = requireNonNull(proof, "proof is null");
    }

    /// Finds the numbers of columns.
    ///
    /// @param names in the log's order
    /// @return the number of each column, or [Column#UNPROVEN]
    List<Integer> numbers(List<String> names) {
        Map<String, Integer> settled = new HashMap<>();
        List<Integer> unsettled = new ArrayList<>();
        for (Attribute attribute : attributes) {
            if (proof.isSettled(attribute)) {
                if (!attribute.isDropped) {
                    settled.put(attribute.name, attribute.number);
                }
            } else if (!attribute.isGenerated || names.contains(attribute.name)) {
                unsettled.add(attribute.number);
            }
        }
        List<Integer> numbers = new ArrayList<>();
        names.forEach(name -> numbers.add(settled.getOrDefault(name, Column.UNPROVEN)));
        return isAscending(numbers) ? filled(numbers, unsettled) : unproven(names.size());
    }

    private static boolean isAscending(List<Integer> numbers) {
        int last = 0;
        for (int number : numbers) {
            if (number != Column.UNPROVEN && number <= last) {
                return false;
            }
            last = Math.max(last, number);
        }
        return true;
    }

    private static List<Integer> filled(List<Integer> numbers, List<Integer> unsettled) {
        List<Integer> filled = new ArrayList<>(numbers);
        int start = 0;
        int after = 0;
        for (int i = 0; i <= numbers.size(); i++) {
            int before = i == numbers.size() ? Integer.MAX_VALUE : numbers.get(i);
            if (before != Column.UNPROVEN) {
                fill(filled.subList(start, i), after, before, unsettled);
                start = i + 1;
                after = before;
            }
        }
        return filled;
    }

    private static void fill(List<Integer> gap, int after, int before, List<Integer> unsettled) {
        List<Integer> between = unsettled.stream()
                .filter(number -> number > after && number < before)
                .toList();
        if (between.size() == gap.size()) {
            for (int i = 0; i < gap.size(); i++) {
                gap.set(i, between.get(i));
            }
        }
    }

    static List<Integer> unproven(int count) {
        return java.util.Collections.nCopies(count, Column.UNPROVEN);
    }

    /// The rows of `pg_attribute` that were read, and since when.
    ///
    /// @param readAt position of the last reading: what it shows was committed before this position
    record Seen(Map<Integer, Row> rows, Lsn readAt) {
        record Row(long made, Lsn since) {}

        static final Seen NOTHING = new Seen(Map.of(), Lsn.ZERO);

        Seen {
            rows = Map.copyOf(rows);
            requireNonNull(readAt, "readAt is null");
        }

        /// Whether the row was read before this position of the log was written.
        boolean contains(Attribute attribute, Lsn at) {
            Row row = rows.get(attribute.number);
            return row != null && row.made == attribute.made && at.isAfter(row.since);
        }

        Seen and(List<Attribute> attributes, Lsn now) {
            Map<Integer, Row> fresh = new HashMap<>();
            for (Attribute attribute : attributes) {
                Row row = rows.get(attribute.number);
                Lsn since = row != null && row.made == attribute.made ? row.since : now;
                fresh.put(attribute.number, new Row(attribute.made, since));
            }
            return new Seen(fresh, now);
        }
    }
}
