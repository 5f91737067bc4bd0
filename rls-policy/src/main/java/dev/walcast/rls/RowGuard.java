package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.filters.Answers;
import dev.walcast.filters.InView;
import dev.walcast.filters.Predicate;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.Truth;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Verdict.Hidden;
import dev.walcast.rls.Verdict.ReadableColumns;
import dev.walcast.rls.Verdict.Reason;
import dev.walcast.rls.Verdict.Undecided;
import dev.walcast.rls.Verdict.Visible;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decides whether a viewer may see a change and which of its columns. Hidden when in doubt. Safe for any thread; it
/// may ask Postgres for rights and policies that are not at hand, and then blocks.
public final class RowGuard {
    private final Rights rights;
    private final RowPolicies policies;
    private final Deletes deletes;
    /// The columns for the table versions seen, valid for the access they were made from.
    private final Map<Table, Map<String, Columns>> columns = java.util.Collections.synchronizedMap(new WeakHashMap<>());

    /// What was looked up last, by whichever thread: the receivers of one change mostly have the same role.
    private volatile @Nullable Latest latest;

    private record Latest(Table table, String role, Columns columns) {
        @SuppressWarnings("ReferenceEquality") // an equal one is found in the map
        boolean isFor(Table wanted, String wantedRole, @Nullable TableAccess access) {
            return table == wanted && columns.access == access && role.equals(wantedRole);
        }
    }

    /// Who hears of deleted rows in a table with row-level security.
    public enum Deletes {
        /// Who could see the row.
        STRICT,
        /// Everybody, but only its key: what the reference server does.
        PARITY
    }

    public RowGuard(Rights rights, RowPolicies policies, Deletes deletes) {
        this.rights = requireNonNull(rights, "rights is null");
        this.policies = requireNonNull(policies, "policies is null");
        this.deletes = requireNonNull(deletes, "deletes is null");
    }

    /// What a role may read of one version of a table.
    private record Columns(TableAccess access, ReadableColumns all, ReadableColumns key) {
        Visible shown(ReadableColumns old) {
            return new Visible(all, old, key);
        }
    }

    /// @throws UnansweredException when rights or policies cannot be asked for now
    public Verdict judge(Viewer viewer, Change change, Answers answers) throws UnansweredException {
        Row judged = SubscriptionIndex.judgedRow(change);
        try {
            Columns readable = columns(viewer, change.table());
            if (readable == null || judged == null) {
                return new Hidden(Reason.NO_PRIVILEGE);
            }
            if (!readable.access.rowSecurity()) {
                return readable.shown(readable.all);
            }
            if (change instanceof Change.Delete && deletes == Deletes.PARITY) {
                return readable.shown(readable.key);
            }
            return judge(policies.predicate(viewer, readable.access), change, judged, readable, answers);
        } catch (SQLException e) {
            throw new UnansweredException(e);
        }
    }

    private static Verdict judge(Predicate policy, Change change, Row judged, Columns readable, Answers answers) {
        return switch (policy.test(judged, answers)) {
            case TRUE -> shown(policy, change, readable, answers);
            case UNDECIDED -> new Undecided();
            case FAILED -> new Hidden(Reason.POLICY_FAILED);
            case FALSE, UNKNOWN -> new Hidden(Reason.POLICY);
        };
    }

    private static Verdict shown(Predicate policy, Change change, Columns readable, Answers answers) {
        if (!(change instanceof Change.Update update)) {
            return readable.shown(readable.all);
        }
        Truth before = policy.test(update.oldRow(), answers);
        return before == Truth.UNDECIDED
                ? new Undecided()
                : readable.shown(before == Truth.TRUE ? readable.all : readable.key);
    }

    /// Judges the row before an UPDATE by itself, strictly: whoever could not see it learns not even its key.
    ///
    /// @throws UnansweredException when rights or policies cannot be asked for now
    public OldRow before(Viewer viewer, Change.Update update, Answers answers) throws UnansweredException {
        try {
            Columns readable = columns(viewer, update.table());
            if (readable == null) {
                return new OldRow(InView.NO, ReadableColumns.NONE, ReadableColumns.NONE);
            }
            InView seen = readable.access.rowSecurity()
                    ? InView.of(policies.predicate(viewer, readable.access), update.oldRow(), answers)
                    : InView.YES;
            boolean keyed = readable.access.readsWholeKey()
                    && readable.key.indexes().stream()
                            .allMatch(index -> update.oldRow().missing(index) == null);
            return new OldRow(seen, readable.all, keyed ? readable.key : ReadableColumns.NONE);
        } catch (SQLException e) {
            throw new UnansweredException(e);
        }
    }

    /// Names what Postgres has to be asked before [#judge] and [#before] are decided.
    ///
    /// @throws UnansweredException when rights or policies cannot be asked for now
    public void undecided(Viewer viewer, Change change, Consumer<Asked> action) throws UnansweredException {
        Row judged = SubscriptionIndex.judgedRow(change);
        try {
            Columns readable = columns(viewer, change.table());
            if (readable == null || judged == null || !readable.access.rowSecurity()) {
                return;
            }
            Predicate policy = policies.predicate(viewer, readable.access);
            policy.undecided(judged, Answers.NONE, question -> action.accept(new Asked(question, judged)));
            if (change instanceof Change.Update update) {
                Row old = update.oldRow();
                policy.undecided(old, Answers.NONE, question -> action.accept(new Asked(question, old)));
            }
        } catch (SQLException e) {
            throw new UnansweredException(e);
        }
    }

    /// What the policies show to the viewer, for an index to find changes by; always true where row-level
    /// security does not bind, or DELETEs are told to everybody.
    public Predicate narrowing(Viewer viewer, TableAccess access) throws SQLException {
        return deletes == Deletes.STRICT ? policy(viewer, access) : Predicate.Constant.ALWAYS;
    }

    /// What the policies show to the viewer, also where DELETEs are told to everybody.
    public Predicate policy(Viewer viewer, TableAccess access) throws SQLException {
        return access.rowSecurity() ? policies.predicate(viewer, access) : Predicate.Constant.ALWAYS;
    }

    @SuppressWarnings("ReferenceEquality") // Rights keeps the instance while the answer stays the same
    private @Nullable Columns columns(Viewer viewer, Table table) throws SQLException {
        Question question = new Question(viewer.role(), table.id());
        TableAccess access = rights.access(question);
        Latest last = latest;
        if (last != null && last.isFor(table, viewer.role(), access)) {
            return last.columns;
        }
        Columns known =
                columns.computeIfAbsent(table, _ -> new ConcurrentHashMap<>()).get(viewer.role());
        if (known != null && known.access == access) {
            latest = new Latest(table, viewer.role(), known);
            return known;
        }
        access = access == null ? null : knowingItsColumns(question, table, access);
        if (access == null || !access.readsAnything()) {
            return null;
        }
        Columns fresh = columns(table, access);
        columns.computeIfAbsent(table, _ -> new ConcurrentHashMap<>()).put(viewer.role(), fresh);
        return fresh;
    }

    /// A change may carry a column that was added after the access was asked.
    private @Nullable TableAccess knowingItsColumns(Question question, Table table, TableAccess access)
            throws SQLException {
        for (Column column : table.columns()) {
            if (access.columns().stream().noneMatch(known -> known.name().equals(column.name()))) {
                return rights.ask(question);
            }
        }
        return access;
    }

    private static Columns columns(Table table, TableAccess access) {
        List<Integer> all = new ArrayList<>();
        List<Integer> key = new ArrayList<>();
        for (int i = 0; i < table.columns().size(); i++) {
            ColumnAccess column = access.readable(table.columns().get(i).name());
            if (column != null) {
                all.add(i);
                if (column.key()) {
                    key.add(i);
                }
            }
        }
        List<String> generated = access.columns().stream()
                .filter(column -> column.generated() && column.readable() && table.indexOf(column.name()) < 0)
                .map(ColumnAccess::name)
                .toList();
        return new Columns(access, new ReadableColumns(all, generated), new ReadableColumns(key, List.of()));
    }
}
