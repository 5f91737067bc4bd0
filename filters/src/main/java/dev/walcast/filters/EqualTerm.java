package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import java.util.function.UnaryOperator;

/// `column = value`, resolved against the table it was asked of.
///
/// @param typeOid   the column's type when the term was resolved; a column of another type does not match
/// @param canonical from output text to key, see [EqualityKey]
/// @param key       the asked value's key
public record EqualTerm(String column, long typeOid, UnaryOperator<String> canonical, String key) {
    public EqualTerm {
        requireNonNull(column, "column is null");
        requireNonNull(canonical, "canonical is null");
        requireNonNull(key, "key is null");
    }

    /// False for SQL NULL, for a missing value, and for a column that the row's table does not have.
    boolean matches(Row row) {
        Table table = row.table();
        int index = table.indexOf(column);
        if (index < 0 || table.columns().get(index).type().oid() != typeOid) {
            return false;
        }
        String text = row.text(index);
        return text != null && canonical.apply(text).equals(key);
    }
}
