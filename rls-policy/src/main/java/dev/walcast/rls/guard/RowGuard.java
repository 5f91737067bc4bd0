package dev.walcast.rls.guard;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.predicate.InView;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.Verdict.Hidden;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.rls.guard.Verdict.Reason;
import dev.walcast.rls.guard.Verdict.Undecided;
import dev.walcast.rls.guard.Verdict.Visible;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.rights.TableRights;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decides whether a viewer may see a change and which of its columns, by rights that were in force at the change's
/// commit or later. Hidden when in doubt. Safe for any thread.
public final class RowGuard {
    private final Rights rights;
    private final RowPolicies policies;
    private final DeleteVisibility deletes;
    /// The columns for the table versions seen, valid for the access they were made from.
    private final Map<Table, Map<String, Columns>> columns = java.util.Collections.synchronizedMap(new WeakHashMap<>());

    /// What was looked up last, by whichever thread: the receivers of one change mostly have the same role.
    private volatile @Nullable Latest latest;

    private record Latest(Table table, AccessQuestion question, Rights.Known known, Columns columns) {
        /// Whether it is what a search for this version of the table would find.
        @SuppressWarnings("ReferenceEquality") // an equal one is found in the map
        boolean isFor(Table wanted, String role) {
            return table == wanted
                    && columns.rights == known.rights()
                    && question.role().equals(role);
        }
    }

    /// Who hears of deleted rows in a table with row-level security.
    public enum DeleteVisibility {
        /// Who could see the row.
        STRICT,
        /// Everybody, but only its key: what the reference server does.
        PARITY
    }

    public RowGuard(Rights rights, RowPolicies policies, DeleteVisibility deletes) {
        this.rights = requireNonNull(rights, "rights is null");
        this.policies = requireNonNull(policies, "policies is null");
        this.deletes = requireNonNull(deletes, "deletes is null");
    }

    /// What a role may read of one version of a table.
    ///
    /// @param identity the replica identity; empty when it may not read all of it
    private record Columns(
            TableRights rights,
            TableAccess access,
            ReadableColumns all,
            ReadableColumns key,
            ReadableColumns identity) {
        Visible shown(ReadableColumns old) {
            return new Visible(all, old, key);
        }
    }

    /// Judges a change without asking Postgres.
    ///
    /// @param mark    the last one of the change's table up to the end of its transaction
    /// @param answers what Postgres has answered so far
    /// @return [Undecided] also when the rights behind the mark, or what the viewer's policies make of it, are
    ///     not at hand: [#prepare] brings them
    public Verdict judge(Viewer viewer, Change change, RightsMark mark, RowAnswers answers) {
        Row judged = SubscriptionIndex.judgedRow(change);
        Sight sight = sight(viewer, change.table(), mark);
        if (sight == null) {
            return new Undecided();
        }
        Columns readable = sight.columns;
        if (sight.isOther) {
            return new Hidden(Reason.OTHER_DEFINITION);
        }
        if (readable == null || judged == null) {
            return new Hidden(Reason.NO_PRIVILEGE);
        }
        if (!readable.access.rowSecurity()) {
            return readable.shown(readable.all);
        }
        if (change instanceof Change.Delete && deletes == DeleteVisibility.PARITY) {
            return readable.shown(readable.key);
        }
        return sight.policy == null ? new Undecided() : judge(sight.policy, change, judged, readable, answers);
    }

    private static Verdict judge(Predicate policy, Change change, Row judged, Columns readable, RowAnswers answers) {
        return switch (policy.test(judged, answers)) {
            case TRUE -> shown(policy, change, readable, answers);
            case UNDECIDED -> new Undecided();
            case FAILED -> new Hidden(Reason.POLICY_FAILED);
            case INAPPLICABLE -> new Hidden(Reason.OTHER_DEFINITION);
            case FALSE, UNKNOWN -> new Hidden(Reason.POLICY);
        };
    }

    private static Verdict shown(Predicate policy, Change change, Columns readable, RowAnswers answers) {
        if (!(change instanceof Change.Update update)) {
            return readable.shown(readable.all);
        }
        Truth before = policy.test(update.oldRow(), answers);
        return before == Truth.UNDECIDED
                ? new Undecided()
                : readable.shown(before == Truth.TRUE ? readable.all : readable.key);
    }

    /// Judges the row before an UPDATE by itself, strictly: a viewer that could not see it learns not even its key.
    /// Does not ask Postgres.
    ///
    /// @param mark see [#judge]
    public OldRowVerdict before(Viewer viewer, Change.Update update, RightsMark mark, RowAnswers answers) {
        Sight sight = sight(viewer, update.table(), mark);
        if (sight == null) {
            return new OldRowVerdict(InView.UNDECIDED, ReadableColumns.NONE, ReadableColumns.NONE);
        }
        Columns readable = sight.columns;
        if (readable == null) {
            return new OldRowVerdict(InView.NO, ReadableColumns.NONE, ReadableColumns.NONE);
        }
        InView seen = InView.YES;
        if (readable.access.rowSecurity()) {
            seen = sight.policy == null ? InView.UNDECIDED : InView.of(sight.policy, update.oldRow(), answers);
        }
        boolean keyed = readable.access.readsWholeKey()
                && readable.key.indexes().stream()
                        .allMatch(index -> update.oldRow().missing(index) == null);
        return new OldRowVerdict(seen, readable.all, keyed ? readable.key : ReadableColumns.NONE);
    }

    /// Judges that a row is gone which the viewer received while the same policies showed it. Nothing but its replica
    /// identity is told, and only when the viewer may read all of that now. Does not ask Postgres.
    ///
    /// @param mark   see [#judge]
    /// @param policy what the policies showed to the viewer when it received the row, as [#policy] says it
    /// @return [Undecided] also when the rights behind the mark, or what the viewer's policies make of it, are
    ///     not at hand: [#prepare] brings them
    public Verdict ofKnownRow(Viewer viewer, Table table, RightsMark mark, Predicate policy) {
        Sight sight = sight(viewer, table, mark);
        if (sight == null) {
            return new Undecided();
        }
        Columns readable = sight.columns;
        if (readable == null || readable.identity.equals(ReadableColumns.NONE)) {
            return new Hidden(Reason.NO_PRIVILEGE);
        }
        if (readable.access.rowSecurity() && sight.policy == null) {
            return new Undecided();
        }
        return policy.equals(sight.policy)
                ? new Visible(readable.identity, readable.identity, readable.identity)
                : new Hidden(Reason.POLICY);
    }

    /// Brings to hand what [#judge] and [#before] need besides answers about rows. Blocks.
    ///
    /// @param mark         see [#judge]
    /// @param timeoutNanos how long the rights behind the mark are waited for
    /// @throws SQLException when Postgres does not say; asking again may help
    public void prepare(Viewer viewer, TableId table, RightsMark mark, long timeoutNanos)
            throws SQLException, InterruptedException {
        AccessQuestion question = new AccessQuestion(viewer.role(), table);
        rights.await(question, mark, timeoutNanos);
        Rights.Known known = rights.confirmed(question, mark);
        TableRights fresh = known == null ? null : known.rights();
        if (fresh != null && fresh.access().rowSecurity()) {
            policies.predicate(viewer, question, fresh);
        }
    }

    /// Names what Postgres has to be asked about rows before [#judge] and [#before] are decided. Names nothing while
    /// what [#prepare] brings is not at hand.
    public void undecided(Viewer viewer, Change change, RightsMark mark, Consumer<Asked> action) {
        Row judged = SubscriptionIndex.judgedRow(change);
        Sight sight = sight(viewer, change.table(), mark);
        if (sight == null || sight.policy == null || judged == null) {
            return;
        }
        Predicate policy = sight.policy;
        policy.undecided(judged, RowAnswers.NONE, question -> action.accept(new Asked(question, judged)));
        if (change instanceof Change.Update update) {
            Row old = update.oldRow();
            policy.undecided(old, RowAnswers.NONE, question -> action.accept(new Asked(question, old)));
        }
    }

    /// What the policies show to the viewer, for an index to find changes by; always true where row-level
    /// security does not bind, or DELETEs are told to everybody. Blocks.
    public Predicate narrowing(Viewer viewer, TableRights fresh) throws SQLException {
        return deletes == DeleteVisibility.STRICT ? policy(viewer, fresh) : Predicate.Constant.ALWAYS;
    }

    /// What the policies show to the viewer, also where DELETEs are told to everybody. Blocks.
    public Predicate policy(Viewer viewer, TableRights fresh) throws SQLException {
        TableAccess access = fresh.access();
        return access.rowSecurity()
                ? policies.predicate(viewer, new AccessQuestion(viewer.role(), access.table()), fresh)
                : Predicate.Constant.ALWAYS;
    }

    /// What a viewer may see of a version of a table: nothing of one that was dropped, whatever has its name now.
    ///
    /// @param columns null when it may read nothing
    /// @param policy  null when row-level security does not bind, or it was not evaluated yet
    /// @param isOther whether the table of the change is gone, or another one has its name
    private record Sight(
            @Nullable Columns columns, @Nullable Predicate policy, boolean isOther) {
        static final Sight NOTHING = new Sight(null, null, false);
        static final Sight OTHER = new Sight(null, null, true);
    }

    /// @return null when the rights behind the mark are not at hand
    private @Nullable Sight sight(Viewer viewer, Table table, RightsMark mark) {
        Latest last = latest;
        if (last != null && last.isFor(table, viewer.role()) && rights.isConfirmed(last.known, mark)) {
            return sight(viewer, last.question, last.columns);
        }
        AccessQuestion question = new AccessQuestion(viewer.role(), table.id());
        Rights.Known known = rights.confirmed(question, mark);
        if (known == null) {
            return null;
        }
        TableRights current = known.rights();
        if (current == null || table.isOtherThan(current.access().oid())) {
            return Sight.OTHER;
        }
        if (!current.access().readsAnything()) {
            return Sight.NOTHING;
        }
        Columns readable = columns(viewer.role(), table, current);
        latest = new Latest(table, question, known, readable);
        return sight(viewer, question, readable);
    }

    private Sight sight(Viewer viewer, AccessQuestion question, Columns readable) {
        return readable.access.rowSecurity()
                ? new Sight(readable, policies.known(viewer, question, readable.rights), false)
                : new Sight(readable, null, false);
    }

    @SuppressWarnings("ReferenceEquality") // Rights keeps the instance while the answer stays the same
    private Columns columns(String role, Table table, TableRights current) {
        Map<String, Columns> ofTable = columns.computeIfAbsent(table, _ -> new ConcurrentHashMap<>());
        Columns known = ofTable.get(role);
        if (known == null || known.rights != current) {
            known = columns(table, current);
            ofTable.put(role, known);
        }
        return known;
    }

    private static Columns columns(Table table, TableRights rights) {
        TableAccess access = rights.access();
        List<Integer> all = new ArrayList<>();
        List<Integer> key = new ArrayList<>();
        List<Integer> identity = new ArrayList<>();
        List<String> unmapped = new ArrayList<>();
        boolean identityReadable = true;
        for (int i = 0; i < table.columns().size(); i++) {
            Column logged = table.columns().get(i);
            ColumnAccess column = access.of(logged);
            boolean readable = column != null && column.readable();
            if (logged.identity()) {
                identity.add(i);
                identityReadable &= readable;
            }
            if (column == null) {
                unmapped.add(logged.name());
            } else if (readable) {
                all.add(i);
                if (column.key()) {
                    key.add(i);
                }
            }
        }
        return new Columns(
                rights,
                access,
                new ReadableColumns(all, generated(table, access), unmapped),
                new ReadableColumns(key, List.of()),
                new ReadableColumns(identityReadable ? identity : List.of(), List.of()));
    }

    /// Columns that Postgres computes and does not publish.
    private static List<String> generated(Table table, TableAccess access) {
        return access.columns().stream()
                .filter(column -> column.generated()
                        && column.readable()
                        && table.indexOf(column.name()) < 0
                        && table.columns().stream().noneMatch(logged -> logged.number() == column.number()))
                .map(ColumnAccess::name)
                .toList();
    }
}
