package dev.walcast.filters;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.values.ColumnType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What resolving a filter needs of Postgres. Values are read in the session that is given, and printed as all values
/// are rendered. Calls block.
public interface FilterDatabase {
    /// The value as the declared type accepts it and its base type prints it.
    ///
    /// @throws FilterRefusedException when the type does not accept it
    /// @throws UnansweredException    when Postgres could not be asked
    String canonical(RoleSession session, ColumnType type, String value)
            throws FilterRefusedException, UnansweredException;

    /// Likewise of each element of an array literal, null for NULL.
    List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException;

    /// The schema of the operator that the extension of the left operand's type has for these two types; quoted
    /// where needed. `pg_catalog` when the type is of no extension, or its extension has no such operator: an
    /// operator that a user made is never meant.
    ///
    /// @param left  oid of the left operand's type, below all domains
    /// @param right oid of the right operand's type
    String operatorSchema(String operator, long left, long right) throws UnansweredException;

    /// Lets Postgres look up the operator and read the parameter, in the question's session.
    ///
    /// @param value the column's text to try with; null for SQL NULL, with which most operators compute nothing
    /// @throws FilterRefusedException with Postgres' message when it cannot be evaluated
    void check(ColumnQuestion question, @Nullable String value) throws FilterRefusedException, UnansweredException;
}
