package dev.walcast.filters.predicate;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.filters.predicate.Predicate.And;
import dev.walcast.filters.predicate.Predicate.Constant;
import dev.walcast.filters.predicate.Predicate.Not;
import dev.walcast.filters.predicate.Predicate.Or;
import dev.walcast.filters.predicate.Predicate.Term;
import dev.walcast.filters.predicate.RowTest.ColumnTest;
import dev.walcast.filters.predicate.RowTest.Compare;
import dev.walcast.filters.predicate.RowTest.Distinct;
import dev.walcast.filters.predicate.RowTest.NullTest;
import dev.walcast.filters.predicate.RowTest.OneOf;
import dev.walcast.filters.values.ComparableType;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Decides what is known of a predicate when an UPDATE left a large value unchanged, so that the log does not
/// carry it.
///
/// Such a value is not NULL. It has more than [#SMALLEST_BYTES] bytes, because Postgres stores no smaller value
/// outside its row.
public final class UnchangedValues {
    /// Postgres stores a value outside its row only when it is larger than a pointer with its header.
    private static final int SMALLEST_BYTES = 20;

    /// Built-in types whose values Postgres never stores outside their rows, by oid.
    private static final Set<Long> NEVER_APART = Set.of(
            16L, 18L, 19L, 20L, 21L, 23L, 26L, 700L, 701L, 774L, 790L, 829L, 1082L, 1083L, 1114L, 1184L, 1186L, 1266L,
            2950L);

    private UnchangedValues() {}

    /// Returns the columns that an UPDATE left unchanged and does not carry.
    public static Set<String> of(Change change) {
        if (!(change instanceof Change.Update update)) {
            return Set.of();
        }
        Row row = update.newRow();
        Set<String> columns = Set.of();
        for (int i = 0; i < row.table().columns().size(); i++) {
            if (row.missing(i) == MissingReason.UNCHANGED_TOAST) {
                columns = columns.isEmpty() ? new HashSet<>() : columns;
                columns.add(row.table().columns().get(i).name());
            }
        }
        return columns;
    }

    /// Returns the columns without whose value a predicate's result may be unknown.
    public static Set<String> columns(Predicate predicate) {
        Set<String> columns = new TreeSet<>();
        collect(predicate, columns);
        return columns;
    }

    private static void collect(Predicate predicate, Set<String> columns) {
        switch (predicate) {
            case Constant _ -> {}
            case And and -> and.parts().forEach(part -> collect(part, columns));
            case Or or -> or.parts().forEach(part -> collect(part, columns));
            case Not not -> collect(not.part(), columns);
            case Term term -> {
                if (truth(term.test()) == Truth.UNKNOWN && !isNeverApart(term.test())) {
                    columns.addAll(term.test().columns());
                }
            }
        }
    }

    /// Whether a row may meet the predicate although [Predicate#test] is not true, depending on its missing
    /// values.
    public static boolean mayMeet(Predicate predicate, Row row) {
        return switch (predicate.test(row, RowAnswers.NONE)) {
            case FALSE, UNKNOWN -> mayBe(predicate, row, true);
            default -> false;
        };
    }

    /// Whether the predicate can be true, or false, for some values of the missing columns.
    private static boolean mayBe(Predicate predicate, Row row, boolean value) {
        return switch (predicate) {
            case Constant constant -> constant.value() == (value ? Truth.TRUE : Truth.FALSE);
            case And and -> value ? allMayBe(and.parts(), row, true) : anyMayBe(and.parts(), row, false);
            case Or or -> value ? anyMayBe(or.parts(), row, true) : allMayBe(or.parts(), row, false);
            case Not not -> mayBe(not.part(), row, !value);
            case Term term -> mayBe(term, row, value);
        };
    }

    private static boolean allMayBe(List<Predicate> parts, Row row, boolean value) {
        return parts.stream().allMatch(part -> mayBe(part, row, value));
    }

    private static boolean anyMayBe(List<Predicate> parts, Row row, boolean value) {
        return parts.stream().anyMatch(part -> mayBe(part, row, value));
    }

    private static boolean mayBe(Term term, Row row, boolean value) {
        if (looksAtUnchanged(term.test(), row) && truth(term.test()) == Truth.UNKNOWN) {
            return true;
        }
        return switch (term.test().test(row)) {
            case TRUE -> value;
            case FALSE -> !value;
            case UNDECIDED, INAPPLICABLE -> true;
            case UNKNOWN, FAILED -> false;
        };
    }

    /// Returns a test's result for every large value that was left unchanged; UNKNOWN when the result depends
    /// on the value.
    static Truth truth(RowTest test) {
        return switch (test) {
            case NullTest _ -> Truth.FALSE;
            case Compare compare
            when isShort(compare.kind(), Set.of(compare.key())) ->
                switch (compare.comparison()) {
                    case EQUAL -> Truth.FALSE;
                    case NOT_EQUAL -> Truth.TRUE;
                    default -> Truth.UNKNOWN;
                };
            case Distinct distinct when isShort(distinct.kind(), Set.of(distinct.key())) -> Truth.TRUE;
            case OneOf oneOf when !oneOf.hasNull() && isShort(oneOf.kind(), oneOf.keys()) -> Truth.FALSE;
            default -> Truth.UNKNOWN;
        };
    }

    private static boolean looksAtUnchanged(RowTest test, Row row) {
        for (String column : test.columns()) {
            int index = row.table().indexOf(column);
            if (index >= 0 && row.missing(index) == MissingReason.UNCHANGED_TOAST) {
                return true;
            }
        }
        return false;
    }

    /// Whether all keys are shorter than a value that is stored outside its row. Only texts: their keys have
    /// the length of the value.
    private static boolean isShort(ComparableType kind, Set<?> keys) {
        return (kind.toString().equals("text") || kind.toString().equals("varchar"))
                && keys.stream()
                        .allMatch(key -> key instanceof String text
                                && text.getBytes(StandardCharsets.UTF_8).length < SMALLEST_BYTES);
    }

    private static boolean isNeverApart(RowTest test) {
        return test instanceof ColumnTest column
                && NEVER_APART.contains(column.place().typeOid());
    }
}
