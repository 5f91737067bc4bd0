package dev.walcast.filters;

import java.util.List;
import org.jspecify.annotations.Nullable;

/// What resolving a filter needs of Postgres. Calls block.
public interface FilterDatabase {
    /// The value as the declared type accepts it and its base type prints it.
    ///
    /// @throws FilterRefusedException when the type does not accept it
    /// @throws UnansweredException    when Postgres could not be asked
    String canonical(ColumnType type, String value) throws FilterRefusedException, UnansweredException;

    /// Likewise of each element of an array literal, null for NULL.
    List<@Nullable String> canonicalElements(ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException;

    /// Lets Postgres look up the operator and read the parameter.
    ///
    /// @param value the column's text to try with; null for SQL NULL, with which most operators compute nothing
    /// @throws FilterRefusedException with Postgres' message when it cannot be evaluated
    void check(ColumnQuestion question, @Nullable String value) throws FilterRefusedException, UnansweredException;
}
