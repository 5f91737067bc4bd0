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

/// An expression of a policy that Postgres evaluates over rows. Questions with equal expressions can be asked
/// together. Immutable; it computes its hash once.
public final class PolicyExpression {
    /// The table alias under which the SQL reads parameters.
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

    /// @param columns     the live columns of the table, in order
    /// @param sql         with qualified names; [#PARAMETERS]`.p1` and so on are the parameters
    /// @param parameters  the number of parameters
    /// @param needsClaims whether it depends on the viewer in other ways than its parameters
    /// @param replan      whether a plan that Postgres made for one viewer may be wrong for another
    /// @param whole       the policies to print again under the viewer's `search_path`; otherwise null
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

    /// Returns the role that evaluates it.
    public String role() {
        return session.role();
    }

    /// Returns the settings with which new sessions of the role begin.
    public SessionSettings settings() {
        return session.settings();
    }

    /// Returns the table over whose rows it is evaluated.
    public TableId table() {
        return table;
    }

    /// Returns the SQL, which reads parameters from [#PARAMETERS].
    public String sql() {
        return sql;
    }

    /// Returns the number of parameters.
    public int parameters() {
        return parameters;
    }

    /// Whether it depends on the viewer in other ways than its parameters.
    public boolean needsClaims() {
        return needsClaims;
    }

    /// Whether a plan that Postgres made for one viewer may be wrong for another.
    public boolean replan() {
        return replan;
    }

    /// Returns the policies to print again under the viewer's `search_path`; otherwise null.
    public @Nullable BoundPolicies whole() {
        return whole;
    }

    /// Returns the name of the table as SQL, qualified and quoted.
    public String qualifiedTable() {
        return SqlText.identifier(table.schema()) + "." + SqlText.identifier(table.name());
    }

    /// Returns the row as a literal of the table's row type. A column that the row lacks is NULL in it.
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
