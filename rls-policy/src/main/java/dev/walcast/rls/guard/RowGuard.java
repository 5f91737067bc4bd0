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

/// Decides whether a viewer may see a change, and which of its columns. It uses rights that were in force at the
/// commit of the change or later, and hides what it cannot decide. Safe for any thread.
public final class RowGuard {
    private final Rights rights;
    private final RowPolicies policies;
    private final DeleteVisibility deletes;

    /// The columns of each version of a table, by role; valid for the rights from which they were made.
    private final Map<Table, Map<String, Columns>> columns = java.util.Collections.synchronizedMap(new WeakHashMap<>());

    /// The last lookup of any thread. Most receivers of one change have the same role.
    private volatile @Nullable Latest latest;

    private record Latest(Table table, AccessQuestion question, Rights.Known known, Columns columns) {
        /// Whether this is the result for this version of the table and this role.
        @SuppressWarnings("ReferenceEquality") // an equal one is found in the map
        boolean isFor(Table wanted, String role) {
            return table == wanted
                    && columns.rights == known.rights()
                    && question.role().equals(role);
        }
    }

    /// Which viewers get DELETEs of a table with row-level security.
    public enum DeleteVisibility {
        /// The viewers that could see the row.
        STRICT,
        /// All viewers, but only the key, as in Supabase Realtime.
        PARITY
    }

    /// Makes a guard.
    public RowGuard(Rights rights, RowPolicies policies, DeleteVisibility deletes) {
        this.rights = requireNonNull(rights, "rights is null");
        this.policies = requireNonNull(policies, "policies is null");
        this.deletes = requireNonNull(deletes, "deletes is null");
    }

    /// The columns of one version of a table that a role may read.
    ///
    /// @param identity the replica identity; empty when the role may not read all of it
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

    /// Decides about a change without asking Postgres. Does not block.
    ///
    /// @param mark    the last mark of the change's table up to the end of its transaction
    /// @param answers the answers of Postgres so far
    /// @return [Undecided] when answers are missing, and also when the rights behind the mark or the viewer's
    ///     policies are not loaded: [#prepare] loads them
    public Verdict judge(Viewer viewer, Change change, RightsMark mark, RowAnswers answers) {
        Row judged = SubscriptionIndex.judgedRow(change);
        ViewerAccess sight = accessOf(viewer, change.table(), mark);
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

    /// Decides about the row before an UPDATE by itself. A viewer that could not see it does not get its key
    /// either. Does not ask Postgres, and does not block.
    ///
    /// @param mark see [#judge]
    public OldRowVerdict before(Viewer viewer, Change.Update update, RightsMark mark, RowAnswers answers) {
        ViewerAccess sight = accessOf(viewer, update.table(), mark);
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

    /// Decides about the DELETE of a row that the viewer received earlier. The viewer gets its replica identity,
    /// if it may read all of that now and its policies are still the same. Does not ask Postgres, and does not
    /// block.
    ///
    /// @param mark   see [#judge]
    /// @param policy the result of [#policy] when the viewer received the row
    /// @return [Undecided] when the rights behind the mark or the viewer's policies are not loaded: [#prepare]
    ///     loads them
    public Verdict ofKnownRow(Viewer viewer, Table table, RightsMark mark, Predicate policy) {
        ViewerAccess sight = accessOf(viewer, table, mark);
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

    /// Loads the rights and policies that [#judge] and [#before] need. Blocks.
    ///
    /// @param mark         see [#judge]
    /// @param timeoutNanos how long to wait for the rights behind the mark
    /// @throws SQLException when Postgres does not answer; calling again may help
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

    /// Passes to the action each question that Postgres must answer before [#judge] and [#before] can decide.
    /// Passes none while the rights and policies are not loaded: see [#prepare].
    public void undecided(Viewer viewer, Change change, RightsMark mark, Consumer<Asked> action) {
        Row judged = SubscriptionIndex.judgedRow(change);
        ViewerAccess sight = accessOf(viewer, change.table(), mark);
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

    /// Returns the condition by which an index may find the viewer's changes. It is always true where row-level
    /// security does not apply, and where all viewers get DELETEs. Blocks when the policies are not loaded.
    public Predicate narrowing(Viewer viewer, TableRights fresh) throws SQLException {
        return deletes == DeleteVisibility.STRICT ? policy(viewer, fresh) : Predicate.Constant.ALWAYS;
    }

    /// Returns the condition under which the policies show a row to the viewer. It is always true where row-level
    /// security does not apply. Blocks when the policies are not loaded.
    public Predicate policy(Viewer viewer, TableRights fresh) throws SQLException {
        TableAccess access = fresh.access();
        return access.rowSecurity()
                ? policies.predicate(viewer, new AccessQuestion(viewer.role(), access.table()), fresh)
                : Predicate.Constant.ALWAYS;
    }

    /// What a viewer may see of one version of a table. It sees nothing of a table that was dropped, even when a
    /// new table has its name.
    ///
    /// @param columns null when it may read no column
    /// @param policy  null when row-level security does not apply, and when the policies are not loaded
    /// @param isOther whether the table of the change was dropped
    private record ViewerAccess(
            @Nullable Columns columns, @Nullable Predicate policy, boolean isOther) {
        static final ViewerAccess NOTHING = new ViewerAccess(null, null, false);
        static final ViewerAccess OTHER = new ViewerAccess(null, null, true);
    }

    /// @return null when the rights behind the mark are not loaded
    private @Nullable ViewerAccess accessOf(Viewer viewer, Table table, RightsMark mark) {
        Latest last = latest;
        if (last != null && last.isFor(table, viewer.role()) && rights.tryUse(last.known, mark)) {
            return accessOf(viewer, last.question, last.columns);
        }
        AccessQuestion question = new AccessQuestion(viewer.role(), table.id());
        Rights.Known known = rights.confirmed(question, mark);
        if (known == null) {
            return null;
        }
        TableRights current = known.rights();
        if (current == null || table.isOtherThan(current.access().oid())) {
            return ViewerAccess.OTHER;
        }
        if (!current.access().readsAnything()) {
            return ViewerAccess.NOTHING;
        }
        Columns readable = columns(viewer.role(), table, current);
        latest = new Latest(table, question, known, readable);
        return accessOf(viewer, question, readable);
    }

    private ViewerAccess accessOf(Viewer viewer, AccessQuestion question, Columns readable) {
        return readable.access.rowSecurity()
                ? new ViewerAccess(readable, policies.known(viewer, question, readable.rights), false)
                : new ViewerAccess(readable, null, false);
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

    /// Returns the columns that Postgres computes and does not publish.
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
