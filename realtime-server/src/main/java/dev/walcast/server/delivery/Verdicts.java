package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.server.encode.Encodings;
import org.jspecify.annotations.Nullable;

/// The verdicts on one change as it passes, without answers of Postgres. Equal viewers in a row are judged once.
/// For one
/// thread, and never kept longer: rights change.
final class Verdicts implements Delivery.Judge {
    private final RowGuard guard;
    private final Encodings encodings;
    private @Nullable Viewer latestViewer;
    private @Nullable Verdict latest;

    Verdicts(RowGuard guard, Encodings encodings) {
        this.guard = requireNonNull(guard, "guard is null");
        this.encodings = requireNonNull(encodings, "encodings is null");
    }

    @Override
    public Verdict on(Viewer viewer) {
        Verdict known = latest;
        if (known == null || !viewer.equals(latestViewer)) {
            known = guard.judge(viewer, encodings.change(), encodings.mark(), RowAnswers.NONE);
            latestViewer = viewer;
            latest = known;
        }
        return known;
    }
}
