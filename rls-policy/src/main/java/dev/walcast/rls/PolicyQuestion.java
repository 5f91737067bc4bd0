package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.Question;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A policy's expression, or a part of one, to be evaluated by Postgres over a row image as a role.
///
/// @param columns    the table's live columns, in order
/// @param expression SQL with all names qualified; [#PARAMETERS]`.p1` and so on stand for the parameters
/// @param parameters what of the viewer the expression depends on, null for NULL
/// @param claims     the viewer's claims; null when the parameters are all it depends on, so that viewers can be asked
///                   for together
/// @param replan     whether a plan made for one viewer might be wrong for the next
record PolicyQuestion(
        String role,
        TableId table,
        List<String> columns,
        String expression,
        List<@Nullable String> parameters,
        @Nullable String claims,
        boolean replan)
        implements Question {
    /// The name under which parameters are visible in the expression.
    static final String PARAMETERS = "walcast_q";

    PolicyQuestion {
        requireNonNull(role, "role is null");
        requireNonNull(table, "table is null");
        columns = List.copyOf(columns);
        requireNonNull(expression, "expression is null");
        parameters = java.util.Collections.unmodifiableList(new java.util.ArrayList<>(parameters));
    }

    String qualifiedTable() {
        return SqlText.identifier(table.schema()) + "." + SqlText.identifier(table.name());
    }

    /// The row as the table's row type reads it; what the image lacks is NULL there.
    String rowLiteral(Row row) {
        StringBuilder out = new StringBuilder("(");
        for (int i = 0; i < columns.size(); i++) {
            if (i > 0) {
                out.append(',');
            }
            int index = row.table().indexOf(columns.get(i));
            String text = index < 0 ? null : row.text(index);
            if (text != null) {
                out.append('"')
                        .append(text.replace("\\", "\\\\").replace("\"", "\"\""))
                        .append('"');
            }
        }
        return out.append(')').toString();
    }

    /// Without what is of the viewer: this ends up in logs.
    @Override
    public String toString() {
        return "PolicyQuestion[" + role + " on " + table + ": " + expression + "]";
    }
}
