package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.sql.SqlText;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A policy's expression, or a part of one, as Postgres is asked to evaluate it over row images: what may be asked
/// together. Its hash is computed once, for questions about it are many.
public final class PolicyExpression {
    /// The name under which parameters are visible in the SQL.
    public static final String PARAMETERS = "walcast_q";

    private final RoleSession session;
    private final TableId table;
    private final List<String> columns;
    private final String sql;
    private final int parameters;
    private final boolean needsClaims;
    private final boolean replan;
    private final @Nullable BoundPolicies whole;
    private final int hash;

    /// @param columns     the table's live columns, in order
    /// @param sql         all names qualified; [#PARAMETERS]`.p1` and so on stand for the parameters
    /// @param parameters  how many
    /// @param needsClaims whether it depends on the viewer in other ways as well
    /// @param replan      whether a plan made for one viewer might be wrong for the next
    /// @param whole       what has to be printed anew, under the viewer's `search_path`; else null
    PolicyExpression(
            RoleSession session,
            TableId table,
            List<String> columns,
            String sql,
            int parameters,
            boolean needsClaims,
            boolean replan,
            @Nullable BoundPolicies whole) {
        this.session = requireNonNull(session, "session is null");
        this.table = requireNonNull(table, "table is null");
        this.columns = List.copyOf(columns);
        this.sql = requireNonNull(sql, "sql is null");
        this.parameters = parameters;
        this.needsClaims = needsClaims;
        this.replan = replan;
        this.whole = whole;
        this.hash = Objects.hash(session, table, columns, sql, parameters, needsClaims, replan, whole != null);
    }

    /// The role that evaluates it.
    public String role() {
        return session.role();
    }

    /// The settings that the role's fresh sessions begin with.
    public SessionSettings settings() {
        return session.settings();
    }

    /// The table over whose rows it is evaluated.
    public TableId table() {
        return table;
    }

    /// The SQL, with [#PARAMETERS] in it.
    public String sql() {
        return sql;
    }

    /// How many parameters it has.
    public int parameters() {
        return parameters;
    }

    /// Whether it depends on the viewer in other ways than its parameters.
    public boolean needsClaims() {
        return needsClaims;
    }

    /// Whether a plan made for one viewer might be wrong for the next.
    public boolean replan() {
        return replan;
    }

    /// What has to be printed anew, under the viewer's `search_path`; else null.
    public @Nullable BoundPolicies whole() {
        return whole;
    }

    /// The table's name as SQL, qualified and quoted.
    public String qualifiedTable() {
        return SqlText.identifier(table.schema()) + "." + SqlText.identifier(table.name());
    }

    /// The row as the table's row type reads it; what the image lacks is NULL there.
    public String rowLiteral(Row row) {
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

    @Override
    public boolean equals(@Nullable Object other) {
        if (other == this) {
            return true;
        }
        return other instanceof PolicyExpression that
                && hash == that.hash
                && sql.equals(that.sql)
                && session.equals(that.session)
                && table.equals(that.table)
                && columns.equals(that.columns)
                && parameters == that.parameters
                && needsClaims == that.needsClaims
                && replan == that.replan
                && Objects.equals(whole, that.whole);
    }

    @Override
    public int hashCode() {
        return hash;
    }

    @Override
    public String toString() {
        return sql + " on " + table + " as " + session.role();
    }
}
