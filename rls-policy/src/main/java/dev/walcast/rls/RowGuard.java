package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Table;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Verdict.Hidden;
import dev.walcast.rls.Verdict.Reason;
import dev.walcast.rls.Verdict.Visible;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Decides whether a viewer may see a change and which of its columns. Hidden when in doubt.
///
/// Belongs to the thread that delivers changes; it may ask Postgres, and then blocks.
public final class RowGuard {
    private static final Logger log = LoggerFactory.getLogger(RowGuard.class);

    private final Rights rights;
    /// The verdicts for the table versions seen, valid for the access they were made from.
    private final Map<Table, Map<String, Judged>> verdicts = new WeakHashMap<>();

    public RowGuard(Rights rights) {
        this.rights = requireNonNull(rights, "rights is null");
    }

    private record Judged(TableAccess access, Verdict verdict) {}

    @SuppressWarnings("ReferenceEquality") // Rights keeps the instance while the answer stays the same
    public Verdict judge(Viewer viewer, Change change) {
        Table table = change.table();
        try {
            Question question = new Question(viewer.role(), table.id());
            TableAccess access = rights.access(question);
            Judged judged =
                    verdicts.computeIfAbsent(table, _ -> new HashMap<>()).get(viewer.role());
            if (judged != null && judged.access() == access) {
                return judged.verdict();
            }
            return judge(viewer, table, knowingItsColumns(question, table, access));
        } catch (SQLException e) {
            log.warn("Hiding changes of {} from role {}: its rights could not be asked", table, viewer.role(), e);
            return new Hidden(Reason.RIGHTS_UNKNOWN);
        }
    }

    /// A change may carry a column that was added after the access was asked.
    private @Nullable TableAccess knowingItsColumns(Question question, Table table, @Nullable TableAccess access)
            throws SQLException {
        if (access == null) {
            return null;
        }
        for (Column column : table.columns()) {
            if (access.columns().stream().noneMatch(known -> known.name().equals(column.name()))) {
                return rights.ask(question);
            }
        }
        return access;
    }

    private Verdict judge(Viewer viewer, Table table, @Nullable TableAccess access) {
        if (access == null) {
            return new Hidden(Reason.NO_PRIVILEGE);
        }
        Verdict verdict = decide(table, access);
        verdicts.computeIfAbsent(table, _ -> new HashMap<>()).put(viewer.role(), new Judged(access, verdict));
        return verdict;
    }

    private static Verdict decide(Table table, TableAccess access) {
        if (!access.readsAnything()) {
            return new Hidden(Reason.NO_PRIVILEGE);
        }
        if (access.rowSecurity()) {
            return new Hidden(Reason.ROW_SECURITY);
        }
        List<Integer> indexes = new ArrayList<>();
        for (int i = 0; i < table.columns().size(); i++) {
            if (access.readable(table.columns().get(i).name()) != null) {
                indexes.add(i);
            }
        }
        List<String> generated = access.columns().stream()
                .filter(column -> column.generated() && column.readable() && table.indexOf(column.name()) < 0)
                .map(ColumnAccess::name)
                .toList();
        return new Visible(new Verdict.ReadableColumns(indexes, generated));
    }
}
