package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Position;
import dev.walcast.cdc.Transaction;
import dev.walcast.filters.Answers;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.UnansweredException;
import dev.walcast.server.changes.Candidate.Match;
import dev.walcast.server.changes.Candidate.Receiver;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Finds whom a committed change concerns. What memory can decide is delivered at once; what Postgres has to be asked
/// waits in a lane, and so does whatever comes later for the same subscription, so that its order holds. Runs on the
/// change source's thread.
final class FanOut {
    private final SubscriptionIndex<ChangeSubscription.Bound> index;
    private final ReplayWindow window;
    private final Delivery delivery;
    private final AskingLane filterLane;
    private final AskingLane policyLane;
    private final ChangeCounters counters;

    /// @param filterLane for subscriptions whose own filters raise questions: who asks too much loses his
    ///                   subscription
    /// @param policyLane for the questions of policies: here the change source waits
    FanOut(
            SubscriptionIndex<ChangeSubscription.Bound> index,
            ReplayWindow window,
            Delivery delivery,
            AskingLane filterLane,
            AskingLane policyLane,
            ChangeCounters counters) {
        this.index = requireNonNull(index, "index is null");
        this.window = requireNonNull(window, "window is null");
        this.delivery = requireNonNull(delivery, "delivery is null");
        this.filterLane = requireNonNull(filterLane, "filterLane is null");
        this.policyLane = requireNonNull(policyLane, "policyLane is null");
        this.counters = requireNonNull(counters, "counters is null");
    }

    void deliver(Transaction transaction) {
        TransactionEvent event = new TransactionEvent();
        event.begin();
        Pass pass = window.append(transaction);
        Outstanding outstanding = new Outstanding();
        pass.walk().forEach(encodings -> {
            event.changes++;
            deliver(encodings, outstanding);
        });
        outstanding.whenDone(pass.whenDelivered());
        event.lsn = transaction.commit().lsn().value();
        event.inMemory = transaction.inMemory();
        event.commit();
    }

    private void deliver(Encodings encodings, Outstanding outstanding) {
        counters.countChange();
        FanOutEvent event = new FanOutEvent();
        event.begin();
        Map<Receiver, List<Match>> matches = Candidate.matches(index, encodings.change(), this::isLive);
        if (matches.isEmpty()) {
            return;
        }
        Delivery.Judge judge = delivery.judging(encodings.change());
        List<Candidate> forFilters = new ArrayList<>();
        List<Candidate> forPolicies = new ArrayList<>();
        matches.forEach((receiver, matching) -> {
            Candidate candidate = new Candidate(receiver, matching);
            boolean queued = receiver.subscription().waiting().get() > 0;
            if (queued || !isDelivered(candidate, encodings, judge)) {
                (receiver.subscription().filterMayAsk() ? forFilters : forPolicies).add(candidate);
            }
        });
        enqueue(filterLane, forFilters, encodings, outstanding);
        enqueue(policyLane, forPolicies, encodings, outstanding);
        if (event.shouldCommit()) {
            event.table = encodings.change().table().id().toString();
            event.candidates = matches.size();
            event.asked = forFilters.size() + forPolicies.size();
            event.commit();
        }
    }

    /// Whoever still reads the past finds this change there.
    private boolean isLive(ChangeSubscription.Bound bound, Position position) {
        return bound.subscription().isLiveAt(position);
    }

    private boolean isDelivered(Candidate candidate, Encodings encodings, Delivery.Judge judge) {
        try {
            return delivery.deliver(candidate, encodings, Answers.NONE, judge);
        } catch (UnansweredException e) {
            return false;
        }
    }

    private void enqueue(AskingLane lane, List<Candidate> candidates, Encodings encodings, Outstanding outstanding) {
        if (!candidates.isEmpty()) {
            candidates.forEach(
                    candidate -> candidate.receiver().subscription().waiting().incrementAndGet());
            lane.add(new AskingLane.Waiting(new Asker.Inquiry(candidates, encodings), outstanding.one()));
        }
    }
}
