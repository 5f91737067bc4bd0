package dev.walcast.server.subscribe;

import static dev.walcast.server.binding.Refusals.postgresError;
import static dev.walcast.server.binding.Refusals.refused;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.FilterResolver;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.index.SubscriptionIndex.Entry;
import dev.walcast.filters.index.Target;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.SubscriptionAdvice;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.server.binding.DeliveryCheck;
import dev.walcast.server.binding.DeliveryCheck.Subject;
import dev.walcast.server.binding.Refusals;
import dev.walcast.server.binding.TableCheck;
import dev.walcast.server.delivery.Resolution.Bound;
import dev.walcast.server.delivery.RowView;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import dev.walcast.server.rowkeys.KnownKeys;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Looks a binding up in the database: is its table published, may the viewer read it, what do its filter's values
/// mean.
///
/// Everything that would keep changes from arriving is said here, at join, and not found out later. Calls block.
public final class BindingResolver {
    private final Rights rights;
    private final TableCheck tables;
    private final DeliveryCheck delivery;
    private final RowGuard guard;
    private final FilterResolver filters;
    private final SetAsideTables setAside;
    private final boolean remembersRows;

    /// @param remembersRows whether DELETEs of rows that a client has can be told
    public BindingResolver(
            Catalog catalog,
            Rights rights,
            RowGuard guard,
            FilterDatabase filterDatabase,
            SetAsideTables setAside,
            String publication,
            boolean remembersRows) {
        this.rights = requireNonNull(rights, "rights is null");
        this.tables = new TableCheck(catalog, rights);
        this.delivery = new DeliveryCheck(catalog, publication);
        this.guard = requireNonNull(guard, "guard is null");
        this.filters = new FilterResolver(filterDatabase);
        this.setAside = requireNonNull(setAside, "setAside is null");
        this.remembersRows = remembersRows;
    }

    /// What a binding comes to.
    ///
    /// @param filter    what the client asked for
    /// @param narrowing what the policies show, where one table is named
    /// @param policy    the same, also where DELETEs are told to all subscribers
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
                return resolve(spec, viewer, tables.rights(spec, viewer, one.table(), since), since);
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

    private Resolved resolve(BindingSpec spec, Viewer viewer, TableRights fresh, long since)
            throws BindingRefusedException, SQLException, UnansweredException {
        TableAccess access = fresh.access();
        checkKey(spec, viewer, access);
        Predicate filter = filter(spec, viewer, access, columns(access), since);
        Predicate narrowing = guard.narrowing(viewer, fresh);
        Predicate policy = guard.policy(viewer, fresh);
        Subject subject = new Subject(spec, viewer, fresh, filter, narrowing, policy, since);
        delivery.check(subject);
        Optional<RowView> view = view(spec, viewer, access, policy, filter);
        List<String> warnings = new ArrayList<>(deleteWarnings(subject, view.isPresent()));
        warnings.addAll(membershipWarnings(subject, view.isPresent()));
        warnings.addAll(delivery.warnings(subject));
        warnings.addAll(setAsideWarnings(spec));
        return new Resolved(filter, narrowing, policy, warnings, Optional.of(access), view);
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

    private Predicate wildcard(BindingSpec spec, Viewer viewer, long since)
            throws BindingRefusedException, SQLException, UnansweredException {
        List<TableId> wanted = tables.tables(spec, viewer, spec.target(), since);
        if (spec.filters().isEmpty()) {
            return Predicate.Constant.ALWAYS;
        }
        Predicate filter = null;
        for (TableId table : wanted) {
            TableAccess access = tables.rights(spec, viewer, table, since).access();
            Predicate own = filter(spec, viewer, access, byName(access), since);
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

    private Predicate filter(
            BindingSpec spec, Viewer viewer, TableAccess access, FilterResolver.Columns columns, long since)
            throws BindingRefusedException, SQLException, UnansweredException {
        for (String column : spec.select()) {
            if (access.readable(column) == null) {
                throw postgresError(spec, "P0001", "invalid column for select " + column);
            }
        }
        delivery.checkSelect(spec, viewer, access, since);
        try {
            return filters.resolve(spec.filters(), columns, new RoleSession(viewer.role(), access.settings()));
        } catch (FilterRefusedException e) {
            if (e.sqlState().equals(FilterRefusedException.TOO_SLOW)) {
                throw Refusals.tooSlow(ErrorCode.FILTER_TOO_SLOW);
            }
            throw postgresError(spec, e.sqlState(), e.getMessage());
        }
    }

    /// For a filter on several tables: a column of one name may have another number in each.
    private static FilterResolver.Columns byName(TableAccess access) {
        return FilterResolver.Columns.byName(name -> typeOf(access.readable(name)));
    }

    private static @Nullable ColumnType typeOf(@Nullable ColumnAccess column) {
        return column == null ? null : column.type();
    }

    private static FilterResolver.Columns columns(TableAccess access) {
        return new FilterResolver.Columns() {
            @Override
            public @Nullable ColumnType type(String name) {
                return typeOf(access.readable(name));
            }

            @Override
            public int number(String name) {
                ColumnAccess column = access.readable(name);
                return column == null ? Column.BY_NAME : column.number();
            }

            @Override
            public boolean carries(String name) {
                ColumnAccess column = access.readable(name);
                return column != null && access.carries(column);
            }
        };
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
    private static List<String> deleteWarnings(Subject subject, boolean remembered) {
        TableAccess access = subject.access();
        if (!subject.spec().events().contains(ChangeEvent.DELETE)) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        String known = ", so this subscription is told only those of rows that it received, by their key alone: ";
        String absent = notInIdentity(access, subject.filter());
        if (!absent.isEmpty()) {
            warnings.add("DELETEs of " + access.table() + " do not carry " + absent + ", which the filter looks at"
                    + (remembered ? known : ", so none will pass it: ") + remedy(subject));
        }
        String undecided = notInIdentity(access, subject.narrowing());
        if (!undecided.isEmpty()) {
            warnings.add("DELETEs of " + access.table() + " do not carry all that its policies look at"
                    + (remembered ? known : ", so they are hidden: ") + remedy(subject));
        }
        return warnings;
    }

    /// The statement that mends it, to be pasted.
    private static String remedy(Subject subject) {
        return subject.mayKnow()
                ? SubscriptionAdvice.identity(subject.access()) + "."
                : "the table's REPLICA IDENTITY would have to be FULL.";
    }

    /// That rows will not be told to enter or leave, because UPDATEs do not carry what decides about that.
    private static List<String> membershipWarnings(Subject subject, boolean remembered) {
        TableAccess access = subject.access();
        if (!subject.spec().membership()) {
            return List.of();
        }
        List<String> warnings = new ArrayList<>();
        String ending = ", so no row is told to enter"
                + (remembered ? ", and only rows that this subscription received" + " to leave: " : " or leave: ")
                + remedy(subject);
        String absent = notInIdentity(access, subject.filter());
        if (!absent.isEmpty()) {
            warnings.add("UPDATEs of " + access.table() + " do not carry the old " + absent
                    + ", which the filter looks at" + ending);
        }
        if (!notInIdentity(access, subject.policy()).isEmpty()) {
            warnings.add("UPDATEs of " + access.table() + " do not carry all that its policies look at of the old row"
                    + ending);
        }
        if (access.columns().stream().anyMatch(column -> column.key() && !column.identity())) {
            warnings.add("UPDATEs of " + access.table() + " do not carry the old primary key, so no row is told to"
                    + " leave: " + remedy(subject));
        }
        return warnings;
    }

    private static String notInIdentity(TableAccess access, Predicate predicate) {
        return access.columns().stream()
                .filter(column -> !column.identity() && predicate.columns().contains(column.name()))
                .map(ColumnAccess::name)
                .collect(Collectors.joining(", "));
    }
}
