package dev.walcast.filters;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.values.ColumnType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Asks Postgres what is needed to resolve a filter. Values are read in the given session and printed in the
/// same way as the values of changes. Calls block.
public interface FilterDatabase {
    /// Returns the value as the declared type reads it and its base type prints it.
    ///
    /// @throws FilterRefusedException when the type does not accept it
    /// @throws UnansweredException    when Postgres could not be asked
    String canonical(RoleSession session, ColumnType type, String value)
            throws FilterRefusedException, UnansweredException;

    /// Returns the elements of an array literal in the same form, null for NULL.
    List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException;

    /// Returns the schema of the operator that the extension of the left operand's type defines for these two
    /// types, quoted where needed. Returns `pg_catalog` when the type belongs to no extension, or the extension
    /// has no such operator. Operators that users made are never used.
    ///
    /// @param left  oid of the left operand's type, below all domains
    /// @param right oid of the right operand's type
    String operatorSchema(String operator, long left, long right) throws UnansweredException;

    /// Makes Postgres look up the operator and read the parameter, in the question's session.
    ///
    /// @param value the column's text for the test; null for SQL NULL, for which most operators compute nothing
    /// @throws FilterRefusedException with Postgres' message when Postgres cannot evaluate the question
    void check(ColumnQuestion question, @Nullable String value) throws FilterRefusedException, UnansweredException;
}
