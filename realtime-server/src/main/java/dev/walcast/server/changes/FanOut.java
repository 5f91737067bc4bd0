package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.Verdict;
import dev.walcast.server.changes.ChangeSubscription.Bound;
import dev.walcast.server.channel.EncodedChange;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/// Turns committed changes into encoded ones at the channels that may have them. Runs on the change source's thread.
final class FanOut {
    private final SubscriptionIndex<Bound> index;
    private final RowGuard guard;
    private final ChangeEncoder encoder;
    private final ChangeCounters counters;

    FanOut(SubscriptionIndex<Bound> index, RowGuard guard, ChangeEncoder encoder, ChangeCounters counters) {
        this.index = requireNonNull(index, "index is null");
        this.guard = requireNonNull(guard, "guard is null");
        this.encoder = requireNonNull(encoder, "encoder is null");
        this.counters = requireNonNull(counters, "counters is null");
    }

    void deliver(Transaction transaction) {
        transaction.forEach(this::deliver);
    }

    /// Find, group, guard, project, encode, offer.
    private void deliver(Change change) {
        counters.countChange();
        Map<ChangeSubscription, int[]> interested = interested(change);
        if (interested.isEmpty()) {
            return;
        }
        Map<Verdict.ReadableColumns, EncodedChange> encodings = new HashMap<>();
        interested.forEach((subscription, ids) -> {
            switch (guard.judge(subscription.viewer(), change)) {
                case Verdict.Visible visible -> {
                    EncodedChange encoded =
                            encodings.computeIfAbsent(visible.columns(), columns -> encoder.encode(change, columns));
                    subscription.receiver().onChange(ids, encoded);
                    counters.countDelivery();
                }
                case Verdict.Hidden hidden -> counters.countHidden(hidden.reason());
            }
        });
    }

    private Map<ChangeSubscription, int[]> interested(Change change) {
        Map<ChangeSubscription, int[]> interested = new LinkedHashMap<>();
        index.forEachMatch(change, entry -> {
            int[] id = {entry.subscriber().bindingId()};
            interested.merge(entry.subscriber().subscription(), id, FanOut::join);
        });
        return interested;
    }

    private static int[] join(int[] some, int[] more) {
        int[] all = Arrays.copyOf(some, some.length + more.length);
        System.arraycopy(more, 0, all, some.length, more.length);
        Arrays.sort(all);
        return all;
    }
}
