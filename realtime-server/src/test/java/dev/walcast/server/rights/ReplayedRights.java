package dev.walcast.server.rights;

import dev.walcast.cdc.testing.TestPostgres;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// Repeats operations one by one in a database whose tables contain every version that a row ever had, and records
/// after each what a SELECT shows to each viewer.
///
/// State 0 is before the first operation, state n after the n-th.
final class ReplayedRights {
    private final Map<Key, TreeMap<Integer, VisibleRows>> states = new HashMap<>();
    private int count;

    private record Key(TestViewer viewer, String table) {}

    private ReplayedRights() {}

    /// @param images by the operation that created their table
    static ReplayedRights replay(
            TestPostgres postgres,
            String database,
            List<RightsOperation> operations,
            Map<RightsOperation, List<RowImage>> images)
            throws SQLException {
        postgres.execute("create database " + database);
        RightsDatabase.prepare(postgres, database);
        postgres.executeIn(
                database,
                "create schema judge; grant usage on schema judge to public",
                // A row for which a policy raises must not hide the others.
                "create function judge.rows(name text, all_rows int[]) returns text language plpgsql as $$"
                        + " declare one int; shown bool; result text := ''; begin foreach one in array all_rows loop"
                        + " begin execute format('select exists (select from %s where img = %s)', name, one) into shown;"
                        + " if shown then result := result || one || ','; end if;"
                        + " exception when others then result := result || '-' || one || ','; end;"
                        + " end loop; return result; end $$");
        ReplayedRights replayed = new ReplayedRights();
        try (Connection connection = postgres.connect(database);
                Statement statement = connection.createStatement()) {
            statement.execute("set synchronous_commit = off");
            Map<String, Set<Integer>> held = new HashMap<>();
            for (RightsOperation operation : operations) {
                for (String sql : operation.judgedStatements()) {
                    statement.execute(sql);
                }
                List<RowImage> rows = images.getOrDefault(operation, List.of());
                if (operation.created().isPresent()) {
                    String table = operation.created().get();
                    fill(statement, table, rows);
                    held.put(table, rows.stream().map(RowImage::img).collect(Collectors.toSet()));
                }
                replayed.count++;
                replayed.look(statement, operation, held);
            }
        }
        return replayed;
    }

    private static void fill(Statement statement, String table, List<RowImage> rows) throws SQLException {
        statement.execute("create index on " + table + " (img)");
        if (!rows.isEmpty()) {
            statement.execute("insert into " + table + " (" + String.join(",", RowImage.COLUMNS) + ") values "
                    + rows.stream().map(RowImage::literals).collect(Collectors.joining(",")));
        }
    }

    private void look(Statement statement, RightsOperation operation, Map<String, Set<Integer>> held)
            throws SQLException {
        Map<Key, Set<String>> columns = columns(statement);
        for (TestViewer viewer : TestViewer.ALL) {
            for (String table : RightsDatabase.TABLES) {
                if (operation.concerns(table)) {
                    Key key = new Key(viewer, table);
                    Set<String> readable = viewer.isOutsider() ? Set.of() : columns.getOrDefault(key, Set.of());
                    VisibleRows rows = readable.isEmpty()
                            ? VisibleRows.NONE
                            : rows(statement, key, readable, held.getOrDefault(table, Set.of()));
                    states.computeIfAbsent(key, _ -> new TreeMap<>()).put(count, rows);
                }
            }
        }
    }

    private static Map<Key, Set<String>> columns(Statement statement) throws SQLException {
        String sql = "select r.rolname, n.nspname || '.' || c.relname, a.attname from pg_class c"
                + " join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid"
                + " cross join pg_roles r where a.attnum > 0 and not a.attisdropped and n.nspname || '.' || c.relname in ('"
                + String.join("','", RightsDatabase.TABLES) + "') and r.rolname in ('"
                + String.join("','", RightsDatabase.ROLES) + "') and has_schema_privilege(r.oid, n.oid, 'usage')"
                + " and has_column_privilege(r.oid, c.oid, a.attnum, 'select')";
        Map<String, Map<String, Set<String>>> byRole = new HashMap<>();
        try (ResultSet result = statement.executeQuery(sql)) {
            while (result.next()) {
                byRole.computeIfAbsent(result.getString(1), _ -> new HashMap<>())
                        .computeIfAbsent(result.getString(2), _ -> new HashSet<>())
                        .add(result.getString(3));
            }
        }
        Map<Key, Set<String>> columns = new HashMap<>();
        for (TestViewer viewer : TestViewer.ALL) {
            byRole.getOrDefault(viewer.role(), Map.of())
                    .forEach((table, names) -> columns.put(new Key(viewer, table), names));
        }
        return columns;
    }

    /// A fresh transaction, and no plan of the viewer before.
    private static VisibleRows rows(Statement statement, Key key, Set<String> columns, Set<Integer> held)
            throws SQLException {
        String query = "select string_agg(img::text, ',') from " + key.table();
        try {
            return visible(ask(statement, key.viewer(), query), columns);
        } catch (SQLException e) {
            String all = held.stream().map(String::valueOf).collect(Collectors.joining(","));
            return visible(
                    ask(statement, key.viewer(), "select judge.rows('" + key.table() + "', '{" + all + "}')"), columns);
        }
    }

    private static String ask(Statement statement, TestViewer viewer, String query) throws SQLException {
        statement.execute("discard plans; begin; set local enable_seqscan = off; set local role " + viewer.role());
        try {
            statement.execute("select set_config('request.jwt.claims', '" + viewer.claimsJson() + "', true)");
            try (ResultSet result = statement.executeQuery(query)) {
                result.next();
                String text = result.getString(1);
                return text == null ? "" : text;
            }
        } finally {
            statement.execute("rollback; select pg_advisory_unlock_all()");
        }
    }

    private static VisibleRows visible(String rows, Set<String> columns) {
        BitSet shown = new BitSet();
        BitSet undecided = new BitSet();
        for (String row : rows.split(",")) {
            if (row.startsWith("-")) {
                undecided.set(Integer.parseInt(row.substring(1)));
            } else if (!row.isEmpty()) {
                shown.set(Integer.parseInt(row));
            }
        }
        return new VisibleRows(shown, undecided, columns);
    }

    /// The rows that the viewer sees in a state.
    VisibleRows at(TestViewer viewer, String table, int state) {
        Map.Entry<Integer, VisibleRows> entry = of(viewer, table).floorEntry(state);
        return entry == null ? VisibleRows.NONE : entry.getValue();
    }

    /// Whether the viewer is shown the row in some of the states.
    boolean ever(TestViewer viewer, RowImage image, Set<String> columns, int from, int to) {
        return at(viewer, image.table(), from).shows(image.img(), columns)
                || (from < to
                        && of(viewer, image.table()).subMap(from, false, to, true).values().stream()
                                .anyMatch(rows -> rows.shows(image.img(), columns)));
    }

    /// Whether the viewer is shown the row in each state, up to the last.
    boolean always(TestViewer viewer, RowImage image, Set<String> columns, int from) {
        return at(viewer, image.table(), from).surelyShows(image.img(), columns)
                && of(viewer, image.table()).tailMap(from, false).values().stream()
                        .allMatch(rows -> rows.surelyShows(image.img(), columns));
    }

    private TreeMap<Integer, VisibleRows> of(TestViewer viewer, String table) {
        return states.computeIfAbsent(new Key(viewer, table), _ -> new TreeMap<>());
    }
}
