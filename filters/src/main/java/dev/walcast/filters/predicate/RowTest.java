package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.Row;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.Comparison;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Tests a row in memory for a term. A missing value makes the result [Truth#UNKNOWN]: no test is true for a
/// value that the change does not carry, `is.null` included. When the row's column is not the resolved column,
/// the result is [Truth#INAPPLICABLE].
public sealed interface RowTest {
    /// Tests a row; [Truth#UNDECIDED] when Postgres must be asked.
    Truth test(Row row);

    /// Returns the names of the columns that the test reads.
    List<String> columns();

    /// Returns the columns that the test reads, as they were when the predicate was resolved.
    List<ResolvedColumn> places();

    /// Whether memory decides every row, so that Postgres is never asked.
    boolean decidesAlways();

    /// A column as it was when the predicate was resolved.
    ///
    /// @param typeOid oid of the type below all domains, since some readers of the log know only that; 0 for
    ///                any type
    /// @param number  `pg_attribute.attnum`, or [Column#BY_NAME]
    /// @param carried whether changes carried the column at that time; a row without it is older than the
    ///                column
    record ResolvedColumn(String name, long typeOid, int number, boolean carried) {
        public ResolvedColumn {
            requireNonNull(name, "name is null");
        }

        /// Creates a column that changes may not carry.
        public ResolvedColumn(String name, long typeOid, int number) {
            this(name, typeOid, number, false);
        }

        /// Creates a column that is identified by its name alone.
        public ResolvedColumn(String name, long typeOid) {
            this(name, typeOid, Column.BY_NAME);
        }

        /// Returns the column's index in the row's table; -1 when the table has no such column of this type.
        public int in(Row row) {
            int index = row.table().indexOf(name);
            return index >= 0 && isOf(row.table().columns().get(index)) ? index : -1;
        }

        private boolean isOf(Column column) {
            boolean sameType = typeOid == 0 || column.type().undomained().oid() == typeOid;
            return sameType && isNumberOf(column);
        }

        private boolean isNumberOf(Column column) {
            return number == Column.BY_NAME || column.number() == Column.BY_NAME || column.number() == number;
        }

        /// Returns the result of a test whose column the row does not have. Either the change does not carry
        /// it, or the row's table had another definition.
        public Truth ofAbsent(Row row) {
            if (carried) {
                return Truth.INAPPLICABLE;
            }
            for (Column column : row.table().columns()) {
                boolean named = column.name().equals(name);
                boolean numbered = number != Column.BY_NAME && column.number() == number;
                if (named || numbered || !column.isProven()) {
                    return Truth.INAPPLICABLE;
                }
            }
            return Truth.UNKNOWN;
        }
    }

    /// Tests one column. All such tests treat SQL NULL and missing values in the same way.
    sealed interface ColumnTest extends RowTest {
        ResolvedColumn place();

        /// Tests a value.
        ///
        /// @param text the column's output text, not null
        Truth testText(String text);

        /// Tests SQL NULL.
        default Truth testNull() {
            return Truth.UNKNOWN;
        }

        @Override
        default Truth test(Row row) {
            int index = place().in(row);
            if (index < 0) {
                return place().ofAbsent(row);
            }
            String text = row.text(index);
            if (text != null) {
                return testText(text);
            }
            return row.missing(index) == null ? testNull() : ofMissing(row.missing(index));
        }

        private Truth ofMissing(@Nullable MissingReason reason) {
            if (reason == MissingReason.UNCHANGED_TOAST) {
                return UnchangedValues.truth(this);
            }
            // The row has a value that cannot be read; it is not NULL.
            return reason == MissingReason.NOT_EXACT && this instanceof NullTest ? Truth.FALSE : Truth.UNKNOWN;
        }

        @Override
        default List<String> columns() {
            return List.of(place().name());
        }

        @Override
        default List<ResolvedColumn> places() {
            return List.of(place());
        }
    }

    /// Compares a column with a value.
    record Compare(ResolvedColumn place, Comparison comparison, ComparableType kind, Object key) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            Object value = kind.keyOf(text);
            return value == null ? Truth.UNDECIDED : Truth.of(comparison.holds(kind, value, key));
        }

        @Override
        public boolean decidesAlways() {
            return kind.isTotal();
        }
    }

    /// Evaluates `= ANY (array)`.
    record OneOf(ResolvedColumn place, ComparableType kind, Set<Object> keys, boolean hasNull) implements ColumnTest {
        public OneOf {
            keys = Set.copyOf(keys);
        }

        @Override
        public Truth testText(String text) {
            if (keys.isEmpty() && !hasNull) {
                return Truth.FALSE;
            }
            Object value = kind.keyOf(text);
            if (value == null) {
                return Truth.UNDECIDED;
            }
            if (keys.contains(value)) {
                return Truth.TRUE;
            }
            return hasNull ? Truth.UNKNOWN : Truth.FALSE;
        }

        /// Even NULL is not among the elements of an empty array: the result is false and not unknown.
        @Override
        public Truth testNull() {
            return keys.isEmpty() && !hasNull ? Truth.FALSE : Truth.UNKNOWN;
        }

        @Override
        public boolean decidesAlways() {
            return kind.isTotal();
        }
    }

    /// Evaluates `IS DISTINCT FROM`.
    record Distinct(ResolvedColumn place, ComparableType kind, Object key) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            Object value = kind.keyOf(text);
            return value == null ? Truth.UNDECIDED : Truth.of(!value.equals(key));
        }

        @Override
        public Truth testNull() {
            return Truth.TRUE;
        }

        @Override
        public boolean decidesAlways() {
            return kind.isTotal();
        }
    }

    /// Evaluates LIKE or ILIKE.
    record LikeTest(ResolvedColumn place, LikePattern pattern) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            return pattern.test(text);
        }

        @Override
        public boolean decidesAlways() {
            return !pattern.foldsCase() && pattern.decidesAnyLength();
        }
    }

    /// Evaluates `IS NULL`.
    record NullTest(ResolvedColumn place) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            return Truth.FALSE;
        }

        @Override
        public Truth testNull() {
            return Truth.TRUE;
        }

        @Override
        public boolean decidesAlways() {
            return true;
        }
    }

    /// Evaluates `IS TRUE`, `IS FALSE` and `IS UNKNOWN` for a boolean.
    record BooleanTest(ResolvedColumn place, Truth wanted) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            return Truth.of(wanted == Truth.of(text.equals("t")));
        }

        @Override
        public Truth testNull() {
            return Truth.of(wanted == Truth.UNKNOWN);
        }

        @Override
        public boolean decidesAlways() {
            return true;
        }
    }

    /// A test of one column that only Postgres can evaluate.
    ///
    /// @param ofNull the expression's result for SQL NULL
    record Opaque(ResolvedColumn place, Truth ofNull) implements ColumnTest {
        @Override
        public Truth testText(String text) {
            return Truth.UNDECIDED;
        }

        @Override
        public Truth testNull() {
            return ofNull;
        }

        @Override
        public boolean decidesAlways() {
            return false;
        }
    }

    /// A test of several columns, or of the whole row, that only Postgres can evaluate.
    ///
    /// @param places the columns that the expression reads
    /// @param image  all columns of the row that Postgres gets
    record OpaqueRow(List<ResolvedColumn> places, List<ResolvedColumn> image) implements RowTest {
        public OpaqueRow {
            places = List.copyOf(places);
            image = List.copyOf(image);
        }

        @Override
        public Truth test(Row row) {
            for (ResolvedColumn place : image) {
                if (place.in(row) < 0 && place.ofAbsent(row) == Truth.INAPPLICABLE) {
                    return Truth.INAPPLICABLE;
                }
            }
            for (ResolvedColumn place : places) {
                int index = place.in(row);
                if (index < 0) {
                    return place.ofAbsent(row);
                }
                if (row.missing(index) != null) {
                    return Truth.UNKNOWN;
                }
            }
            return Truth.UNDECIDED;
        }

        @Override
        public List<String> columns() {
            return places.stream().map(ResolvedColumn::name).toList();
        }

        @Override
        public boolean decidesAlways() {
            return false;
        }
    }

    /// Compares two columns of one row.
    record CompareColumns(ResolvedColumn left, Comparison comparison, ResolvedColumn right, ComparableType kind)
            implements RowTest {
        @Override
        public Truth test(Row row) {
            int one = left.in(row);
            int other = right.in(row);
            if (one < 0 && left.ofAbsent(row) == Truth.INAPPLICABLE) {
                return Truth.INAPPLICABLE;
            }
            if (other < 0) {
                return right.ofAbsent(row);
            }
            String first = one < 0 ? null : row.text(one);
            String second = other < 0 ? null : row.text(other);
            if (first == null || second == null) {
                return Truth.UNKNOWN;
            }
            Object value = kind.keyOf(first);
            Object compared = kind.keyOf(second);
            return value == null || compared == null
                    ? Truth.UNDECIDED
                    : Truth.of(comparison.holds(kind, value, compared));
        }

        @Override
        public List<String> columns() {
            return List.copyOf(new HashSet<>(List.of(left.name(), right.name())));
        }

        @Override
        public List<ResolvedColumn> places() {
            return List.of(left, right);
        }

        @Override
        public boolean decidesAlways() {
            return kind.isTotal();
        }
    }
}
