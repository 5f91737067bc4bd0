package dev.walcast.server.subscribe;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rows.RowQuery;
import dev.walcast.rls.rows.RowQuery.Ordering;
import dev.walcast.server.binding.Refusals;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.request.BindingSpec;
import dev.walcast.server.request.SnapshotSpec;
import java.util.Optional;

/// Which rows a binding begins with, when it asks for them.
public final class SnapshotQueries {
    private final ReplayLimits limits;

    public SnapshotQueries(ReplayLimits limits) {
        this.limits = requireNonNull(limits, "limits is null");
    }

    /// @return nothing when it does not ask for rows
    /// @throws BindingRefusedException when it asks for what cannot be read
    Optional<RowQuery> query(BindingRequest request, BindingSpec spec, BindingResolver.Resolved resolved, Viewer viewer)
            throws BindingRefusedException {
        Optional<SnapshotSpec> asked = request.snapshot();
        if (asked.isEmpty()) {
            return Optional.empty();
        }
        SnapshotSpec snapshot = asked.get();
        TableAccess access = resolved.access()
                .orElseThrow(() -> Refusals.refused(
                        spec, "A snapshot is of one table: name its schema and table, without wildcards."));
        if (limits.memoryBytes() == 0) {
            throw Refusals.refused(
                    spec, "There are no snapshots without a replay window: REPLAY_MEMORY is 0 on this server.");
        }
        for (Ordering ordering : snapshot.order()) {
            if (access.readable(ordering.column()) == null) {
                throw Refusals.postgresError(spec, "P0001", "invalid column for order " + ordering.column());
            }
        }
        long most = limits.snapshots().rows();
        if (snapshot.limit().orElse(0) > most) {
            throw Refusals.refused(spec, "`limit` of a snapshot is at most " + most + " (SNAPSHOT_ROWS).");
        }
        return Optional.of(new RowQuery(
                viewer,
                access,
                spec.select(),
                resolved.filter(),
                snapshot.order(),
                // One more than may be shows that there are more.
                snapshot.limit().orElse(most + 1)));
    }
}
