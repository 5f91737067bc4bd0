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

/// What memory can say of a term. A value that the feed does not carry makes it [Truth#UNKNOWN]: no row passes on a
/// value that was not seen, also not `is.null`. A row whose column is not the one that the term was resolved for
/// makes it [Truth#INAPPLICABLE].
public sealed interface RowTest {
    Truth test(Row row);

    List<String> columns();

    /// The columns as they were when the predicate was resolved.
    List<ResolvedColumn> places();

    /// Whether Postgres is never needed.
    boolean decidesAlways();

    /// A column as it was when the predicate was resolved.
    ///
    /// @param typeOid of the type below all domains: of a domain some readers of the log tell only that; 0 for any
    /// @param number  `pg_attribute.attnum`, or [Column#BY_NAME]
    /// @param carried whether changes held the column then: a row without it is older than the column
    record ResolvedColumn(String name, long typeOid, int number, boolean carried) {
        public ResolvedColumn {
            requireNonNull(name, "name is null");
        }

        /// A column that changes may not hold.
        public ResolvedColumn(String name, long typeOid, int number) {
            this(name, typeOid, number, false);
        }

        /// A column that is known by its name.
        public ResolvedColumn(String name, long typeOid) {
            this(name, typeOid, Column.BY_NAME);
        }

        /// The column's index in the row's table; -1 when the table has no such column of that type.
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

        /// What a test comes to whose column the row does not have: the feed may not carry it, or the row's table was
        /// defined otherwise.
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

    /// Of a single column: SQL NULL and absence are the same for all of these.
    sealed interface ColumnTest extends RowTest {
        ResolvedColumn place();

        /// @param text the column's output text, not null
        Truth testText(String text);

        /// Of SQL NULL.
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
            // Behind this reason there is a value, which cannot be read.
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

    /// `= ANY (array)`.
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

        /// Nothing equals an element of an empty array, not even NULL in SQL's sense of not knowing.
        @Override
        public Truth testNull() {
            return keys.isEmpty() && !hasNull ? Truth.FALSE : Truth.UNKNOWN;
        }

        @Override
        public boolean decidesAlways() {
            return kind.isTotal();
        }
    }

    /// `IS DISTINCT FROM`.
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

    /// `IS NULL`.
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

    /// `IS TRUE`, `IS FALSE` and `IS UNKNOWN` of a boolean.
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

    /// Nothing is known in memory.
    ///
    /// @param ofNull what the expression makes of SQL NULL
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

    /// About several columns, or the whole row: nothing is known in memory.
    ///
    /// @param places what it looks at
    /// @param image  all columns of the row that Postgres is given
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

    /// Two columns of the same row compared with each other.
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
