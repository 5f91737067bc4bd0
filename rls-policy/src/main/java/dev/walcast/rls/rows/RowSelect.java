package dev.walcast.rls.rows;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.policy.BoundPolicies;
import dev.walcast.rls.publication.PublicationSql;
import dev.walcast.rls.rows.RowQuery.Ordering;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.sql.SqlText;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The statement that reads the rows of a query. It selects only columns that the feed carries, and only rows that the
/// publication sends, because the changes that follow keep only those up to date.
///
/// @param generated columns that the viewer may read and that the feed does not carry
record RowSelect(
        Published published, List<ColumnAccess> columns, List<String> generated, String sql, List<String> parameters) {

    /// The columns and rows of the table that the publication sends.
    ///
    /// @param rows          a condition in SQL over the table; null for all rows
    /// @param inherited     whether the rows of its partitions belong to the table
    /// @param mayMeanOthers whether a comparison in `rows` may mean another operator under the `search_path`
    record Published(
            long oid, Set<String> columns, @Nullable String rows, boolean inherited, boolean mayMeanOthers) {
        /// A column list and a condition apply to a table that the publication names, unless the publication
        /// also names all tables or the schema. Without a list, generated columns are sent where the
        /// publication says so.
        private static final String QUERY = """
                select c.oid,
                       array(select a.attname::text from pg_catalog.pg_attribute a
                              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                                and case when named.columns is not null
                                         then a.attnum = any (pg_catalog.string_to_array(named.columns, ' ')::pg_catalog.int2[])
                                         else a.attgenerated = '' or a.attgenerated = 's' and p.pubgencols = 's' end
                              order by a.attnum) as columns,
                       case when ${ready} then pg_catalog.pg_get_expr(named.condition, c.oid) end, c.relkind = 'p',
                       ${others}
                  from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
                  join (${published}) as published on published.relid = c.oid
                  join (select x.oid, x.puballtables, coalesce(pg_catalog.to_jsonb(x) ->> 'pubgencols', 'n') as pubgencols
                          from pg_catalog.pg_publication x) p on p.oid = published.pubid
                  left join ${named} as named
                    on named.publication = p.oid and named.table_oid = c.oid and not p.puballtables and not ${by_schema}
                 where published.pubname = ? and n.nspname = ? and c.relname = ?""";

        /// Reads what is published, with the condition for an empty path.
        static Published read(Connection connection, String publication, TableAccess access)
                throws RowsRefusedException, SQLException {
            return read(connection, publication, access, "true", "false");
        }

        /// Sets the `search_path` of the session, and reads what is published with the condition for that
        /// path.
        ///
        /// @return null when a comparison in the condition may mean another operator under that path
        static @Nullable Published readByPath(
                Connection connection, String publication, TableAccess access, String setPath)
                throws RowsRefusedException, SQLException {
            String ready = "(select " + setPath + " is not null)";
            String others =
                    ready + " and named.condition::text ~ '[{](DISTINCTEXPR|NULLIFEXPR|CASETESTEXPR|ROWCOMPARE)'"
                            + " and " + BoundPolicies.OTHER_COMPARISONS;
            Published published = read(connection, publication, access, ready, others);
            return published.mayMeanOthers ? null : published;
        }

        private static Published read(
                Connection connection, String publication, TableAccess access, String ready, String others)
                throws RowsRefusedException, SQLException {
            String query = PublicationSql.of(connection, QUERY)
                    .replace("${ready}", ready)
                    .replace("${others}", others);
            try (PreparedStatement statement = connection.prepareStatement(query)) {
                statement.setString(1, publication);
                statement.setString(2, access.table().schema());
                statement.setString(3, access.table().name());
                try (ResultSet row = statement.executeQuery()) {
                    if (!row.next()) {
                        throw new RowsRefusedException(
                                access.table() + " is not in the publication \"" + publication + "\".");
                    }
                    String[] columns = (String[]) row.getArray(2).getArray();
                    return new Published(
                            row.getLong(1), Set.of(columns), row.getString(3), row.getBoolean(4), row.getBoolean(5));
                }
            }
        }
    }

    /// Makes the statement.
    static RowSelect of(RowQuery query, Published published) throws RowsRefusedException {
        checkFilter(query, published);
        List<ColumnAccess> columns = new ArrayList<>();
        List<String> generated = new ArrayList<>();
        for (ColumnAccess column : query.access().columns()) {
            if (column.readable() && isWanted(query, column)) {
                if (published.columns.contains(column.name())) {
                    columns.add(column);
                } else if (column.generated()) {
                    generated.add(column.name());
                }
            }
        }
        if (columns.isEmpty()) {
            throw new RowsRefusedException("The publication carries no column of it that may be read.");
        }
        PredicateSql filter = new PredicateSql();
        String where = filter.of(query.filter());
        String sql = "select "
                + String.join(
                        ", ",
                        columns.stream()
                                .map(column -> SqlText.identifier(column.name()))
                                .toList())
                + " from " + (published.inherited ? "" : "only ")
                + SqlText.identifier(query.access().table().schema()) + "."
                + SqlText.identifier(query.access().table().name())
                + " where (" + where + ")"
                // The driver takes `?` for a parameter, also where it is jsonb's operator.
                + (published.rows == null ? "" : " and (" + SqlText.replace(published.rows, "?", "??") + ")")
                + order(query.order()) + " limit " + query.limit();
        return new RowSelect(published, columns, generated, sql, List.copyOf(filter.parameters()));
    }

    /// Returns a statement with one row of NULLs before the same rows. Postgres returns that row after it has
    /// evaluated all others.
    String bufferedSql() {
        String nulls = String.join(", ", Collections.nCopies(columns.size(), "null"));
        return "with walcast_rows as materialized (" + sql + ") select " + nulls
                + " from (select pg_catalog.count(*) as walcast_n from walcast_rows) as walcast_c where walcast_n >= 0"
                + " union all select * from walcast_rows";
    }

    /// Whether the settings may change how a value of the columns is printed.
    boolean isPrintedOtherwise(SessionSettings settings) {
        return SettingsSql.printsOtherwise(settings) || columns.stream().anyMatch(RowSelect::printsNames);
    }

    /// Whether values of the column are names of the catalog, which depend on the `search_path` when printed.
    private static boolean printsNames(ColumnAccess column) {
        ColumnType element = column.type().element();
        return column.type().base().startsWith("reg")
                || (element != null && element.base().startsWith("reg"));
    }

    private static boolean isWanted(RowQuery query, ColumnAccess column) {
        return query.select().isEmpty() || column.key() || query.select().contains(column.name());
    }

    private static void checkFilter(RowQuery query, Published published) throws RowsRefusedException {
        for (String column : query.filter().columns()) {
            if (!published.columns.contains(column)) {
                throw new RowsRefusedException("The filter looks at " + column
                        + ", which changes do not carry, so the rows could not be kept up to date.");
            }
        }
    }

    private static String order(List<Ordering> order) {
        List<String> parts = new ArrayList<>();
        for (Ordering one : order) {
            parts.add(SqlText.identifier(one.column())
                    + (one.descending() ? " desc" : "")
                    + one.nullsFirst()
                            .map(first -> first ? " nulls first" : " nulls last")
                            .orElse(""));
        }
        return parts.isEmpty() ? "" : " order by " + String.join(", ", parts);
    }
}
