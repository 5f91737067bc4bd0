package dev.walcast.server.rights;

import dev.walcast.server.rights.RightsOperation.Part;
import dev.walcast.server.rights.RightsOperation.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;

/// Random changes of rights. An operation may fail, for instance ALTER POLICY where there is none; it then changes
/// nothing.
final class RandomOperations {
    private static final List<String> FOLDED = List.of(
            "owner = auth.uid()",
            "owner = (select auth.uid())",
            "owner = auth.jwt() ->> 'sub'",
            "owner = current_setting('request.jwt.claims', true)::json ->> 'sub'",
            "true",
            "false",
            "room in (1, 2, 3)",
            "kind = 'k1'",
            "kind <> 'k2' and owner = auth.uid()",
            "room = (auth.jwt() ->> 'org')::int",
            "auth.uid() is not null",
            "switchable()",
            "owner = auth.uid() or room in (2, 4)");
    private static final List<String> ASKED = List.of(
            "exists (select 1 from public.members m where m.room = TABLE.room and m.person = auth.uid())",
            "room in (select m.room from public.members m where m.person = auth.uid())",
            "is_member(room)",
            "is_member_volatile(room)",
            "is_member_definer(room)",
            "owner = memo_uid()",
            "owner = table_uid()",
            "owner = immutable_uid()",
            "careful(kind) and owner = auth.uid()",
            "raising(room)",
            "counted() and owner = auth.uid()",
            "locked(room) and owner = auth.uid()",
            "length(secret) > 5",
            "kind ~ '^k[12]$'");
    private static final List<String> GRANTEES = List.of("anon", "authenticated", "editor", "public");

    private final Random random;
    private final RandomRows rows;
    private final boolean isAnnounced;

    /// @param rows        the rows that this session writes beside its statements
    /// @param isAnnounced whether event triggers announce changes of rights and functions, which then apply to each
    /// row of
    ///                    their transaction
    RandomOperations(Random random, RandomRows rows, boolean isAnnounced) {
        this.random = random;
        this.rows = rows;
        this.isAnnounced = isAnnounced;
    }

    // -- effective at once

    RightsOperation exact() {
        String table = any(RightsDatabase.TABLES);
        RightsOperation operation = switch (random.nextInt(isAnnounced ? 15 : 14)) {
            case 0, 1 -> newPolicy(table);
            case 2, 3, 4 -> alteredPolicy(table);
            case 5 -> RightsOperation.exact("DROP POLICY", table, "drop policy " + policy() + " on " + table);
            case 6, 7 -> grant(table);
            case 8 -> revoke(table);
            case 9 -> columns(table);
            case 10 -> rowSecurity(table);
            case 11 -> owner(table);
            case 12 -> schema();
            case 13 -> recreation(table);
            default -> RightsOperation.exactForAll("CREATE FUNCTION", function());
        };
        boolean isMixable = operation.created().isEmpty()
                && (isAnnounced || !operation.tables().isEmpty());
        boolean mixed = isMixable && random.nextInt(isAnnounced ? 2 : 3) == 0;
        return mixed ? withRows(operation, table) : operation;
    }

    /// Rows before, between and after the statements. The last statement is followed by a row unless the change is
    /// announced, so that the log shows the change.
    private RightsOperation withRows(RightsOperation operation, String table) {
        List<Part> parts = new ArrayList<>(rows.some(table, random.nextInt(3)));
        for (Part part : operation.parts()) {
            parts.add(part);
            parts.addAll(rows.some(table, random.nextInt(2)));
        }
        if (!isAnnounced) {
            parts.add(rows.insert(table));
        }
        return operation.with(parts);
    }

    private RightsOperation newPolicy(String table) {
        String name = policy();
        String kind = random.nextInt(6) == 0 ? " as restrictive" : "";
        String command = random.nextBoolean() ? " for select" : "";
        return RightsOperation.exact(
                "CREATE POLICY",
                table,
                "drop policy if exists " + name + " on " + table,
                "create policy " + name + " on " + table + kind + command + " to " + any(GRANTEES) + " using ("
                        + expression(table) + ")");
    }

    private RightsOperation alteredPolicy(String table) {
        String roles = random.nextInt(4) == 0 ? " to " + any(GRANTEES) : "";
        return RightsOperation.exact(
                "ALTER POLICY",
                table,
                "alter policy " + policy() + " on " + table + roles + " using (" + expression(table) + ")");
    }

    private RightsOperation grant(String table) {
        return RightsOperation.exact("GRANT", table, "grant select on " + table + " to " + any(GRANTEES));
    }

    private RightsOperation revoke(String table) {
        return RightsOperation.exact("REVOKE", table, "revoke select on " + table + " from " + any(GRANTEES));
    }

    /// The key and the number of the version always stay, so that a row can be recognised.
    private RightsOperation columns(String table) {
        String role = any(GRANTEES);
        String columns = RowImage.COLUMNS.stream()
                .filter(column -> column.equals("id") || column.equals("img") || random.nextBoolean())
                .collect(Collectors.joining(", "));
        return RightsOperation.exact(
                "GRANT of columns",
                table,
                "revoke select on " + table + " from " + role,
                "grant select (" + columns + ") on " + table + " to " + role);
    }

    private RightsOperation rowSecurity(String table) {
        String flag = any(List.of("enable", "enable", "disable", "force", "no force"));
        return RightsOperation.exact(
                flag.toUpperCase(java.util.Locale.ROOT) + " ROW LEVEL SECURITY",
                table,
                "alter table " + table + " " + flag + " row level security");
    }

    private RightsOperation owner(String table) {
        return RightsOperation.exact(
                "OWNER TO",
                table,
                "alter table " + table + " owner to " + any(List.of("postgres", "authenticated", "editor")));
    }

    private RightsOperation schema() {
        String role = any(GRANTEES);
        return random.nextInt(3) > 0
                ? RightsOperation.exactForAll("GRANT USAGE", "grant usage on schema app to public, " + role)
                : RightsOperation.exactForAll(
                        "REVOKE USAGE", "revoke usage on schema app from public, anon, authenticated, editor");
    }

    /// The table in another shape, perhaps some time after the drop.
    RightsOperation recreation(String table) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Statement("drop table if exists " + table, false));
        List<String> columns = new ArrayList<>(RowImage.COLUMNS);
        Collections.shuffle(columns, random);
        String definition = columns.stream()
                .map(column -> column + (Set.of("id", "img", "room").contains(column) ? " int" : " text"))
                .collect(Collectors.joining(", "));
        parts.add(new Statement("create table " + table + " (" + definition + ")", false));
        parts.add(new Statement("alter table " + table + " add primary key (id)", true));
        if (random.nextBoolean()) {
            parts.add(new Statement("alter table " + table + " replica identity full", true));
        }
        addRights(table, parts);
        parts.add(new Statement("alter publication supabase_realtime add table " + table, true));
        if (random.nextBoolean()) {
            parts.add(rows.insert(table));
        }
        return new RightsOperation(
                RightsOperation.Kind.EXACT, "RECREATE", Set.of(table), Optional.of(table), List.copyOf(parts));
    }

    private void addRights(String table, List<Part> parts) {
        if (random.nextInt(4) > 0) {
            parts.add(new Statement("alter table " + table + " enable row level security", false));
        }
        for (int i = 1; i <= 3; i++) {
            if (random.nextInt(2) == 0) {
                String role = any(GRANTEES);
                parts.add(new Statement(
                        "create policy p" + i + " on " + table + " to " + role + " using (" + expression(table) + ")",
                        false));
            }
        }
        parts.add(new Statement(
                "grant select on " + table + " to "
                        + (random.nextInt(3) > 0
                                ? "anon, authenticated, editor, service_role, " + TestViewer.OUTSIDER
                                : "authenticated, service_role"),
                false));
    }

    RightsOperation drop(String table) {
        return RightsOperation.exact("DROP TABLE", table, "drop table if exists " + table);
    }

    boolean maybe(int oneOf) {
        return random.nextInt(oneOf) == 0;
    }

    // -- found by polling

    RightsOperation polled() {
        return switch (random.nextInt(5)) {
            case 0 -> RightsOperation.polled("GRANT role", "grant editor to " + any(List.of("anon", "authenticated")));
            case 1 -> RightsOperation.polled("REVOKE role", "revoke editor from anon, authenticated");
            case 2 -> isAnnounced ? members() : RightsOperation.polled("CREATE FUNCTION", function());
            case 3 ->
                RightsOperation.polled(
                        "ALTER ROLE", "alter role editor " + any(List.of("bypassrls", "nobypassrls", "nobypassrls")));
            default -> members();
        };
    }

    private String function() {
        return RightsDatabase.switchable(any(List.of("true", "false", "auth.uid() = 'u1'", "auth.uid() = 'u2'")));
    }

    private RightsOperation members() {
        List<String> statements = new ArrayList<>();
        for (int i = 2 + random.nextInt(4); i > 0; i--) {
            String room = String.valueOf(1 + random.nextInt(RightsDatabase.ROOMS));
            String user = "u" + (1 + random.nextInt(3));
            statements.add(
                    random.nextBoolean()
                            ? "insert into public.members values (" + room + ", '" + user + "') on conflict do nothing"
                            : "delete from public.members where room = " + room);
        }
        return RightsOperation.polled("members", statements.toArray(String[]::new));
    }

    // -- the end

    /// Every viewer except the outsider may see everything.
    RightsOperation opening() {
        List<String> statements = new ArrayList<>(List.of("grant usage on schema app to public"));
        for (String table : RightsDatabase.TABLES) {
            statements.add("alter table " + table + " disable row level security");
            statements.add("grant select on " + table + " to " + String.join(", ", RightsDatabase.ROLES));
        }
        return RightsOperation.exactForAll("OPEN", statements.toArray(String[]::new));
    }

    private String policy() {
        return "p" + (1 + random.nextInt(3));
    }

    private String expression(String table) {
        String expression = any(random.nextInt(5) < 3 ? FOLDED : ASKED);
        return expression.replace("TABLE", table.substring(table.indexOf('.') + 1));
    }

    private <T> T any(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
