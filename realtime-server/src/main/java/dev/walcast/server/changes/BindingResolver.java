package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.filters.ChangeEvent;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.Predicate;
import dev.walcast.filters.SubscriptionIndex.Entry;
import dev.walcast.filters.Target;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Rights;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.SqlStates;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.TableRights;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.Resolution.Bound;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// Looks a binding up in the database: is its table published, may the viewer read it, what do its filter's values
/// mean.
///
/// Everything that would keep changes from arriving is said here, at join, and not found out later. Calls block.
final class BindingResolver {
    private static final String UNABLE = "Unable to subscribe to changes with given parameters. ";

    private static final Comparator<TableId> BY_NAME = Comparator.comparing(TableId::toString);

    private final Catalog catalog;
    private final Rights rights;
    private final RowGuard guard;
    private final FilterResolver filters;
    private final SetAsideTables setAside;
    private final String publication;
    private final boolean remembersRows;

    /// @param remembersRows whether DELETEs of rows that a client has can be told
    BindingResolver(
            Catalog catalog,
            Rights rights,
            RowGuard guard,
            FilterDatabase filterDatabase,
            SetAsideTables setAside,
            String publication,
            boolean remembersRows) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.rights = requireNonNull(rights, "rights is null");
        this.guard = requireNonNull(guard, "guard is null");
        this.filters = new FilterResolver(filterDatabase);
        this.setAside = requireNonNull(setAside, "setAside is null");
        this.publication = requireNonNull(publication, "publication is null");
        this.remembersRows = remembersRows;
    }

    /// What a binding comes to.
    ///
    /// @param filter    what the client asked for
    /// @param narrowing what the policies show, where one table is named
    /// @param policy    the same, also where DELETEs are told to everybody
    /// @param warnings  what the client should know although the binding works
    /// @param access    to the one table that is named
    /// @param view      what the binding has to remember rows of, so that their DELETEs can be told
    record Resolved(
            Predicate filter,
            Predicate narrowing,
            Predicate policy,
            List<String> warnings,
            Optional<TableAccess> access,
            Optional<RowView> view) {
        Entry<Bound> entry(BindingSpec spec, Bound bound) {
            Predicate predicate = Predicate.and(List.of(filter, narrowing));
            return spec.membership()
                    ? Entry.withMembership(
                            spec.target(), spec.events(), predicate, Predicate.and(List.of(filter, policy)), bound)
                    : new Entry<>(spec.target(), spec.events(), predicate, bound);
        }
    }

    /// @throws BindingRefusedException when the binding would never see a change, and why
    /// @throws SQLException            when the database could not be asked; trying again may help
    ///
    /// @param since the answers are to questions that began at this time of [#now] or later
    Resolved resolve(BindingSpec spec, Viewer viewer, long since) throws BindingRefusedException, SQLException {
        try {
            if (spec.target() instanceof Target.OneTable one) {
                TableRights fresh = checkedRights(spec, viewer, one.table(), since);
                TableAccess access = fresh.access();
                checkKey(spec, viewer, access);
                Predicate filter = filter(spec, viewer, access);
                Predicate narrowing = guard.narrowing(viewer, fresh);
                Predicate policy = guard.policy(viewer, fresh);
                Optional<RowView> view = view(spec, viewer, access, policy, filter);
                List<String> warnings =
                        new ArrayList<>(deleteWarnings(spec, access, filter, narrowing, view.isPresent()));
                warnings.addAll(membershipWarnings(spec, access, filter, policy, view.isPresent()));
                warnings.addAll(setAsideWarnings(spec));
                return new Resolved(filter, narrowing, policy, warnings, Optional.of(access), view);
            }
            Predicate any = Predicate.Constant.ALWAYS;
            return new Resolved(
                    wildcard(spec, viewer, since),
                    any,
                    any,
                    setAsideWarnings(spec),
                    Optional.empty(),
                    Optional.empty());
        } catch (UnansweredException e) {
            throw new SQLException(e);
        }
    }

    /// Rights that were read after the call began: a client that joins is never judged by those of before.
    private TableRights checkedRights(BindingSpec spec, Viewer viewer, TableId table, long since)
            throws BindingRefusedException, SQLException {
        TableRights fresh = rights.ask(new Question(viewer.role(), table), since);
        if (fresh == null) {
            checkRole(spec, viewer, since);
            throw notEnabled(spec, "There is no table " + table + ".");
        }
        TableAccess access = fresh.access();
        checkStanding(spec, viewer, access);
        if (!access.published()) {
            throw notEnabled(spec, notPublished(table));
        }
        if (!access.readsAnything()) {
            throw refused(
                    spec,
                    "Role \"" + viewer.role() + "\" may not read " + table
                            + ": GRANT USAGE on its schema and SELECT on the table to that role.");
        }
        return fresh;
    }

    private void checkStanding(BindingSpec spec, Viewer viewer, TableId table, long since)
            throws BindingRefusedException, SQLException {
        TableRights fresh = rights.ask(new Question(viewer.role(), table), since);
        if (fresh != null) {
            checkStanding(spec, viewer, fresh.access());
        }
    }

    private static void checkStanding(BindingSpec spec, Viewer viewer, TableAccess access)
            throws BindingRefusedException {
        switch (access.standing()) {
            case USABLE -> {}
            case UNKNOWN -> throw postgresError(spec, "42704", "role \"" + viewer.role() + "\" does not exist");
            case NOT_GRANTED ->
                throw refused(
                        spec,
                        "The server may not act as role \"" + viewer.role() + "\": GRANT \"" + viewer.role()
                                + "\" TO the role in EVALUATION_DATABASE_URL, or in DATABASE_URL where that is not set"
                                + " or the role has BYPASSRLS.");
            case SUPERUSER ->
                throw refused(spec, "Role \"" + viewer.role() + "\" is a superuser, which a token must not name.");
        }
    }

    /// The time as of which a join may ask.
    long now() {
        return rights.now();
    }

    private static void checkKey(BindingSpec spec, Viewer viewer, TableAccess access) throws BindingRefusedException {
        if (spec.membership() && spec.events().contains(ChangeEvent.DELETE) && !access.readsWholeKey()) {
            throw refused(
                    spec,
                    "`membership` tells which row left by its primary key, and role \"" + viewer.role()
                            + "\" may not read one of " + access.table()
                            + ": GRANT SELECT on it, or subscribe to INSERT or UPDATE.");
        }
    }

    private void checkRole(BindingSpec spec, Viewer viewer, long since) throws BindingRefusedException, SQLException {
        if (!catalog.asOf(since).roleExists(viewer.role())) {
            throw postgresError(spec, "42704", "role \"" + viewer.role() + "\" does not exist");
        }
    }

    private String notPublished(TableId table) throws SQLException {
        if (catalog.publishedTables() == null) {
            return "There is no publication \"" + publication + "\": CREATE PUBLICATION " + publication + " FOR TABLE "
                    + table + ".";
        }
        return table + " is not in the publication \"" + publication + "\": ALTER PUBLICATION " + publication
                + " ADD TABLE " + table + ".";
    }

    private Predicate wildcard(BindingSpec spec, Viewer viewer, long since)
            throws BindingRefusedException, SQLException, UnansweredException {
        checkRole(spec, viewer, since);
        Set<TableId> published = catalog.asOf(since).publishedTables();
        List<TableId> wanted = published == null
                ? List.of()
                : published.stream()
                        .filter(spec.target()::includes)
                        .sorted(BY_NAME)
                        .toList();
        if (wanted.isEmpty()) {
            throw notEnabled(spec, "The publication \"" + publication + "\" has no such table.");
        }
        if (spec.filters().isEmpty()) {
            checkStanding(spec, viewer, wanted.getFirst(), since);
            return Predicate.Constant.ALWAYS;
        }
        Predicate filter = null;
        for (TableId table : wanted) {
            Predicate own = filter(
                    spec, viewer, checkedRights(spec, viewer, table, since).access());
            if (filter != null && !filter.equals(own)) {
                throw refused(
                        spec,
                        "The filter means different things in " + wanted.getFirst() + " and " + table
                                + " (their columns' types differ): name one table for each binding.");
            }
            filter = own;
        }
        return requireNonNull(filter);
    }

    private Predicate filter(BindingSpec spec, Viewer viewer, TableAccess access)
            throws BindingRefusedException, UnansweredException {
        for (String column : spec.select()) {
            if (access.readable(column) == null) {
                throw postgresError(spec, "P0001", "invalid column for select " + column);
            }
        }
        try {
            return filters.resolve(
                    spec.filters(),
                    name -> {
                        ColumnAccess column = access.readable(name);
                        return column == null ? null : column.type();
                    },
                    viewer.role());
        } catch (FilterRefusedException e) {
            throw postgresError(spec, e.sqlState(), e.getMessage());
        }
    }

    /// That changes do not come for now. Tables are named only to those who named them.
    private List<String> setAsideWarnings(BindingSpec spec) {
        if (spec.target() instanceof Target.OneTable(TableId table)) {
            return setAside.contains(table)
                    ? List.of("table_set_aside: The server cannot read changes of " + table
                            + " for now; its log says why. This subscription is told `reset` when it can.")
                    : List.of();
        }
        return setAside.tables().stream().anyMatch(spec.target()::includes)
                ? List.of("table_set_aside: The server cannot read changes of some of these tables for now; its log"
                        + " says which. This subscription is told `reset` when it can.")
                : List.of();
    }

    /// What the binding has to remember rows of; empty when it needs no memory, or could be told nothing by it.
    private Optional<RowView> view(
            BindingSpec spec, Viewer viewer, TableAccess access, Predicate policy, Predicate filter) {
        List<ColumnAccess> identity =
                access.columns().stream().filter(ColumnAccess::identity).toList();
        Set<String> names = identity.stream().map(ColumnAccess::name).collect(Collectors.toUnmodifiableSet());
        boolean tellable = !identity.isEmpty() && identity.stream().allMatch(ColumnAccess::readable);
        return remembersRows
                        && tellable
                        && KnownKeys.isNeeded(access.rowSecurity(), spec.events(), names, policy, filter)
                ? Optional.of(new RowView(access.table(), access.oid(), viewer.role(), policy, filter))
                : Optional.empty();
    }

    /// That DELETEs will not come, or not all, because they do not carry what decides about them.
    ///
    /// @param remembered whether those of rows that the client has are told
    private static List<String> deleteWarnings(
            BindingSpec spec, TableAccess access, Predicate filter, Predicate narrowing, boolean remembered) {
        if (!spec.events().contains(ChangeEvent.DELETE)) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        String known = ", so this subscription is told only those of rows that it received, by their key alone: ";
        String absent = notInIdentity(access, filter);
        if (!absent.isEmpty()) {
            warnings.add("DELETEs of " + access.table() + " do not carry " + absent + ", which the filter looks at"
                    + (remembered ? known : ", so none will pass it: ") + remedy(access));
        }
        String undecided = notInIdentity(access, narrowing);
        if (!undecided.isEmpty()) {
            warnings.add("DELETEs of " + access.table() + " do not carry all that its policies look at"
                    + (remembered ? known : ", so they are hidden: ") + remedy(access));
        }
        return warnings;
    }

    /// The statement that mends it, to be pasted.
    private static String remedy(TableAccess access) {
        TableId table = access.table();
        return "ALTER TABLE " + quoted(table.schema()) + "." + quoted(table.name()) + " REPLICA IDENTITY FULL.";
    }

    private static String quoted(String name) {
        return "\"" + name.replace("\"", "\"\"") + "\"";
    }

    /// That rows will not be told to enter or leave, because UPDATEs do not carry what decides about that.
    private static List<String> membershipWarnings(
            BindingSpec spec, TableAccess access, Predicate filter, Predicate policy, boolean remembered) {
        if (!spec.membership()) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        String ending = ", so no row is told to enter"
                + (remembered ? ", and only rows that this subscription received" + " to leave: " : " or leave: ")
                + remedy(access);
        String absent = notInIdentity(access, filter);
        if (!absent.isEmpty()) {
            warnings.add("UPDATEs of " + access.table() + " do not carry the old " + absent
                    + ", which the filter looks at" + ending);
        }
        if (!notInIdentity(access, policy).isEmpty()) {
            warnings.add("UPDATEs of " + access.table() + " do not carry all that its policies look at of the old row"
                    + ending);
        }
        if (access.columns().stream().anyMatch(column -> column.key() && !column.identity())) {
            warnings.add("UPDATEs of " + access.table() + " do not carry the old primary key, so no row is told to"
                    + " leave: " + remedy(access));
        }
        return warnings;
    }

    private static String notInIdentity(TableAccess access, Predicate predicate) {
        return access.columns().stream()
                .filter(column -> !column.identity() && predicate.columns().contains(column.name()))
                .map(ColumnAccess::name)
                .collect(Collectors.joining(", "));
    }

    private static BindingRefusedException notEnabled(BindingSpec spec, String reason) {
        return new BindingRefusedException(
                UNABLE + "Please check Realtime is enabled for the given connect parameters: " + spec + " " + reason);
    }

    static BindingRefusedException refused(BindingSpec spec, String reason) {
        return new BindingRefusedException(UNABLE + "Parameters: " + spec + " " + reason);
    }

    static BindingRefusedException postgresError(BindingSpec spec, String state, String message) {
        return new BindingRefusedException(UNABLE
                + "An exception happened so please check your connect parameters: " + spec + ". Exception: ERROR "
                + state + " (" + SqlStates.conditionName(state) + ") " + message);
    }
}
