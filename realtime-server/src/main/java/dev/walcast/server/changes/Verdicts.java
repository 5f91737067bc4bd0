package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.filters.Answers;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.Verdict;
import dev.walcast.rls.Viewer;
import org.jspecify.annotations.Nullable;

/// The verdicts on one change as it passes, without answers of Postgres. Equal viewers in a row are judged once. For
/// one
/// thread, and never kept longer: rights change.
final class Verdicts implements Delivery.Judge {
    private final RowGuard guard;
    private final Change change;
    private @Nullable Viewer latestViewer;
    private @Nullable Verdict latest;

    Verdicts(RowGuard guard, Change change) {
        this.guard = requireNonNull(guard, "guard is null");
        this.change = requireNonNull(change, "change is null");
    }

    @Override
    public Verdict on(Viewer viewer) throws UnansweredException {
        Verdict known = latest;
        if (known == null || !viewer.equals(latestViewer)) {
            known = guard.judge(viewer, change, Answers.NONE);
            latestViewer = viewer;
            latest = known;
        }
        return known;
    }
}
