package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.filters.Answers;
import dev.walcast.filters.SubscriptionIndex;
import dev.walcast.filters.Truth;
import dev.walcast.filters.UnansweredException;
import dev.walcast.rls.Oracle.Asked;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.Verdict;
import dev.walcast.rls.Verdict.ReadableColumns;
import dev.walcast.rls.Verdict.Reason;
import dev.walcast.rls.Viewer;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/// Decides for one candidate whether it gets a change, and as what, and hands it over: guard, project, encode, offer.
/// Safe for any thread; the calls for one subscription follow each other.
final class Delivery {
    private final RowGuard guard;
    private final ChangeCounters counters;

    Delivery(RowGuard guard, ChangeCounters counters) {
        this.guard = requireNonNull(guard, "guard is null");
        this.counters = requireNonNull(counters, "counters is null");
    }

    /// Who says whether a viewer may see the change at hand.
    @FunctionalInterface
    interface Judge {
        Verdict on(Viewer viewer) throws UnansweredException;
    }

    /// For the candidates of one change as it passes.
    Judge judging(Change change) {
        return new Verdicts(guard, change);
    }

    /// @return false when Postgres has to be asked first, and nothing happened
    /// @throws UnansweredException when it cannot be asked, and nothing happened
    boolean deliver(Candidate candidate, Encodings encodings, Answers answers) throws UnansweredException {
        return deliver(candidate, encodings, answers, viewer -> guard.judge(viewer, encodings.change(), answers));
    }

    boolean deliver(Candidate candidate, Encodings encodings, Answers answers, Judge judge) throws UnansweredException {
        Change change = encodings.change();
        if (candidate.receiver().membership() && change instanceof Change.Update update) {
            return deliver(candidate, update, encodings, answers);
        }
        Row judged = requireNonNull(SubscriptionIndex.judgedRow(change), "a TRUNCATE concerns nobody");
        int[] ids = new int[candidate.matches().size()];
        int count = 0;
        boolean failed = false;
        for (Candidate.Match match : candidate.matches()) {
            Truth truth = match.known() ? Truth.TRUE : match.predicate().test(judged, answers);
            if (truth == Truth.UNDECIDED) {
                return false;
            }
            if (truth == Truth.TRUE) {
                ids[count++] = match.bindingId();
            }
            failed |= truth == Truth.FAILED;
        }
        boolean done = count == 0 || deliver(candidate, encodings, Arrays.copyOf(ids, count), judge);
        if (failed && done) {
            fail(candidate, change);
        }
        return done;
    }

    private boolean deliver(Candidate candidate, Encodings encodings, int[] ids, Judge judge)
            throws UnansweredException {
        ChangeSubscription subscription = candidate.receiver().subscription();
        Change change = encodings.change();
        switch (judge.on(subscription.viewer())) {
            case Verdict.Visible visible -> {
                Set<String> select = candidate.receiver().select();
                ReadableColumns columns = projected(visible.columns(), visible.key(), select, change.table());
                ReadableColumns old = projected(visible.oldColumns(), visible.key(), select, change.table());
                Arrays.sort(ids);
                subscription.hand(ids, encodings.of(columns, old), encodings.epoch());
                counters.countDelivery();
            }
            case Verdict.Hidden hidden -> {
                counters.countHidden(hidden.reason());
                if (hidden.reason() == Reason.POLICY_FAILED) {
                    fail(candidate, change);
                }
            }
            case Verdict.Undecided _ -> {
                return false;
            }
        }
        return true;
    }

    /// An UPDATE for bindings that want to know which rows come into view and which leave it.
    private boolean deliver(Candidate candidate, Change.Update update, Encodings encodings, Answers answers)
            throws UnansweredException {
        Optional<Passages> judged = Passages.judge(guard, candidate, update, answers);
        if (judged.isEmpty()) {
            return false;
        }
        Passages passages = judged.get();
        passages.ids().forEach((passage, ids) -> hand(candidate, passages, passage, ids, encodings));
        if (passages.ids().isEmpty() && passages.verdict() instanceof Verdict.Hidden(Reason reason)) {
            counters.countHidden(reason);
        }
        if (passages.failed()) {
            fail(candidate, update);
        }
        return true;
    }

    private void hand(Candidate candidate, Passages passages, Passage passage, int[] ids, Encodings encodings) {
        Set<String> select = candidate.receiver().select();
        ChangeSubscription subscription = candidate.receiver().subscription();
        Table table = encodings.change().table();
        ReadableColumns key = passages.old().key();
        if (passage == Passage.LEFT && key.equals(ReadableColumns.NONE)) {
            subscription.tellOnce("A row of " + table.id() + " left what you see, but you may not know which: its"
                    + " primary key is not all readable, or UPDATEs do not carry the old one.");
            return;
        }
        if (passage == Passage.LEFT) {
            ReadableColumns columns = projected(passages.old().columns(), key, select, table);
            subscription.hand(ids, encodings.of(passage, columns, key), encodings.epoch());
        } else if (passages.verdict() instanceof Verdict.Visible visible) {
            ReadableColumns columns = projected(visible.columns(), visible.key(), select, table);
            ReadableColumns old = passage == Passage.ENTERED
                    ? ReadableColumns.NONE
                    : projected(visible.oldColumns(), visible.key(), select, table);
            subscription.hand(ids, encodings.of(passage, columns, old), encodings.epoch());
        }
        counters.countDelivery();
    }

    /// The client learns that there was an error, not which: that may be none of its business.
    private void fail(Candidate candidate, Change change) {
        counters.countFailure();
        candidate
                .receiver()
                .subscription()
                .tellOnce("A filter or policy could not be evaluated for you on changes of "
                        + change.table().id()
                        + ", which are therefore hidden from you; the server's counters tell how many.");
    }

    private static ReadableColumns projected(
            ReadableColumns readable, ReadableColumns key, Set<String> select, Table table) {
        if (select.isEmpty()) {
            return readable;
        }
        return new ReadableColumns(
                readable.indexes().stream()
                        .filter(index -> key.indexes().contains(index)
                                || select.contains(table.columns().get(index).name()))
                        .toList(),
                readable.generated().stream().filter(select::contains).toList());
    }

    /// Names what Postgres has to be asked for this candidate.
    void undecided(Candidate candidate, Change change, Consumer<Asked> action) throws UnansweredException {
        Row judged = requireNonNull(SubscriptionIndex.judgedRow(change), "a TRUNCATE concerns nobody");
        for (Candidate.Match match : candidate.matches()) {
            if (!match.known()) {
                match.predicate()
                        .undecided(judged, Answers.NONE, question -> action.accept(new Asked(question, judged)));
            }
            if (candidate.receiver().membership() && change instanceof Change.Update update) {
                Row old = update.oldRow();
                match.before().undecided(old, Answers.NONE, question -> action.accept(new Asked(question, old)));
            }
        }
        guard.undecided(candidate.receiver().subscription().viewer(), change, action);
    }
}
