package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.SubscriptionIndex;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.ColumnQuestion.Effort;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.rls.guard.Verdict.Reason;
import dev.walcast.rls.question.RowEvaluator;
import dev.walcast.rls.question.RowEvaluator.Asked;
import dev.walcast.server.binding.Refusals;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.encode.MembershipChange;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.window.BindingStart;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Decides for one subscription whether it gets a change, and as what, and hands it over: guard, project, encode,
/// offer. Called under the subscription's lock, by any thread.
public final class Delivery {
    /// How long rights that cannot be confirmed hold up one attempt.
    private static final Duration RIGHTS_WAIT = Duration.ofSeconds(1);

    private static final int[] NO_IDS = {};

    private final RowGuard guard;
    private final ChangeCounters counters;

    public Delivery(RowGuard guard, ChangeCounters counters) {
        this.guard = requireNonNull(guard, "guard is null");
        this.counters = requireNonNull(counters, "counters is null");
    }

    /// Says whether a viewer may see the change at hand.
    @FunctionalInterface
    interface Judge {
        Verdict on(Viewer viewer);
    }

    /// For the candidates of one change as it passes.
    Judge judging(Encodings encodings) {
        return new Verdicts(guard, encodings);
    }

    /// Hands a change to one subscription, in all the projections that it asked for, or in none.
    ///
    /// @return false when Postgres has to be asked first, and nothing happened
    public boolean tryDeliver(List<Candidate> candidates, Encodings encodings, RowAnswers answers) {
        Judge judge = viewer -> guard.judge(viewer, encodings.change(), encodings.mark(), answers);
        return tryDeliver(candidates, encodings, answers, judge);
    }

    /// Everything is decided before anything is handed over: what is told in part would be told again.
    boolean tryDeliver(List<Candidate> candidates, Encodings encodings, RowAnswers answers, Judge judge) {
        if (candidates.size() == 1) {
            Runnable handing = decided(candidates.getFirst(), encodings, answers, judge);
            if (handing != null) {
                handing.run();
            }
            return handing != null;
        }
        List<Runnable> decided = new ArrayList<>(candidates.size());
        for (Candidate candidate : candidates) {
            Runnable handing = decided(candidate, encodings, answers, judge);
            if (handing == null) {
                return false;
            }
            decided.add(handing);
        }
        decided.forEach(Runnable::run);
        return true;
    }

    /// Whether [#tryDeliver] would do it.
    boolean isDecided(List<Candidate> candidates, Encodings encodings, RowAnswers answers, Judge judge) {
        for (Candidate candidate : candidates) {
            if (decided(candidate, encodings, answers, judge) == null) {
                return false;
            }
        }
        return true;
    }

    /// @return what hands it over; null when Postgres has to be asked first
    private @Nullable Runnable decided(Candidate candidate, Encodings encodings, RowAnswers answers, Judge judge) {
        Change change = encodings.change();
        if (candidate.membership() && change instanceof Change.Update update) {
            Passages passages =
                    Passages.judge(guard, candidate, update, encodings, answers).orElse(null);
            return passages == null ? null : () -> hand(candidate, update, passages, encodings, answers);
        }
        Row judged = requireNonNull(SubscriptionIndex.judgedRow(change), "a TRUNCATE is never delivered");
        int[] ids = new int[candidate.matches().size()];
        int count = 0;
        boolean failed = false;
        boolean inapplicable = false;
        for (Candidate.Match match : candidate.matches()) {
            Truth truth = match.isOpen() ? match.predicate().test(judged, answers) : match.found();
            if (truth == Truth.UNDECIDED) {
                return null;
            }
            if (truth == Truth.TRUE) {
                ids[count++] = match.bindingId();
            }
            failed |= truth == Truth.FAILED;
            inapplicable |= truth == Truth.INAPPLICABLE;
        }
        Runnable handing = decided(candidate, encodings, answers, Arrays.copyOf(ids, count), failed, judge);
        return handing == null || !inapplicable
                ? handing
                : then(handing, () -> withholdOtherDefinition(candidate, encodings));
    }

    private static Runnable then(Runnable first, Runnable second) {
        return () -> {
            first.run();
            second.run();
        };
    }

    /// @param ids of the bindings whose predicates the change meets
    private @Nullable Runnable decided(
            Candidate candidate, Encodings encodings, RowAnswers answers, int[] ids, boolean failed, Judge judge) {
        Viewer viewer = candidate.resolution().viewer();
        Verdict verdict = ids.length == 0 ? null : judge.on(viewer);
        if (verdict instanceof Verdict.Undecided) {
            return null;
        }
        int[] told = verdict instanceof Verdict.Visible ? ids : NO_IDS;
        boolean remembers = !candidate.subscription().memories().isEmpty();
        Knowing knowing = remembers ? Knowing.of(guard, candidate, encodings, told, () -> judge.on(viewer)) : null;
        if (knowing != null && knowing.isUndecided()) {
            return null;
        }
        return () -> {
            boolean handed = verdict != null && hand(candidate, encodings, answers, ids, verdict);
            if (knowing != null) {
                knowing.toldDelete().ifPresent(key -> handDelete(knowing, key));
                knowing.follow(handed ? told : NO_IDS);
            }
            if (failed) {
                fail(candidate, encodings, answers);
            }
        };
    }

    /// @return whether the client got it
    private boolean hand(Candidate candidate, Encodings encodings, RowAnswers answers, int[] ids, Verdict verdict) {
        Change change = encodings.change();
        switch (verdict) {
            case Verdict.Visible visible -> {
                Set<String> select = candidate.select();
                ReadableColumns columns = projected(visible.columns(), visible.key(), select, change.table());
                ReadableColumns old = projected(visible.oldColumns(), visible.key(), select, change.table());
                Arrays.sort(ids);
                boolean handed = candidate.subscription().hand(ids, encodings.of(columns, old), encodings.epoch());
                counters.countDelivery();
                return handed;
            }
            case Verdict.Hidden hidden -> {
                counters.countHidden(hidden.reason());
                if (hidden.reason() == Reason.POLICY_FAILED) {
                    fail(candidate, encodings, answers);
                } else if (hidden.reason() == Reason.OTHER_DEFINITION) {
                    withholdOtherDefinition(candidate, encodings);
                }
            }
            case Verdict.Undecided _ -> throw new IllegalStateException("it was decided");
        }
        return false;
    }

    /// Tells that a row is gone, by its key alone.
    private void handDelete(Knowing knowing, ReadableColumns key) {
        Encodings encodings = knowing.encodings();
        boolean _ = knowing.candidate().subscription().hand(knowing.ids(), encodings.of(key, key), encodings.epoch());
        counters.countDelivery();
        counters.countKnownDelete();
    }

    /// An UPDATE for bindings that want to know which rows come into view and which leave it.
    private void hand(
            Candidate candidate, Change.Update update, Passages passages, Encodings encodings, RowAnswers answers) {
        passages.ids().forEach((passage, ids) -> hand(candidate, passages, passage, ids, encodings));
        if (passages.ids().isEmpty() && passages.verdict() instanceof Verdict.Hidden(Reason reason)) {
            counters.countHidden(reason);
        }
        passages.follow(candidate, update, encodings);
        if (passages.inapplicable()) {
            withholdOtherDefinition(candidate, encodings);
        }
        if (passages.failed()) {
            fail(candidate, encodings, answers);
        }
    }

    private void hand(
            Candidate candidate, Passages passages, MembershipChange passage, int[] ids, Encodings encodings) {
        Set<String> select = candidate.select();
        ChangeSubscription subscription = candidate.subscription();
        Table table = encodings.change().table();
        ReadableColumns key = passages.old().key();
        if (passage == MembershipChange.LEFT && key.equals(ReadableColumns.NONE)) {
            subscription.tellOnce("A row of " + table.id() + " left what you see, but you may not know which: its"
                    + " primary key is not all readable, or UPDATEs do not carry the old one.");
            return;
        }
        if (passage == MembershipChange.LEFT) {
            ReadableColumns columns = projected(passages.old().columns(), key, select, table);
            boolean _ = subscription.hand(ids, encodings.of(passage, columns, key), encodings.epoch());
        } else if (passages.verdict() instanceof Verdict.Visible visible) {
            ReadableColumns columns = projected(visible.columns(), visible.key(), select, table);
            ReadableColumns old = passage == MembershipChange.ENTERED
                    ? ReadableColumns.NONE
                    : projected(visible.oldColumns(), visible.key(), select, table);
            boolean _ = subscription.hand(ids, encodings.of(passage, columns, old), encodings.epoch());
        }
        counters.countDelivery();
    }

    /// The bindings and the policies were resolved for today's definition of the table, and the row has
    /// another one. Whether they show it is not known.
    private static void withholdOtherDefinition(Candidate candidate, Encodings encodings) {
        ChangeSubscription subscription = candidate.subscription();
        subscription.forgetRow(encodings);
        subscription.withhold(new ChangeSubscription.Withheld(
                encodings.position(), Set.of(encodings.change().table().id()), BindingStart.Reason.SCHEMA_CHANGED));
    }

    /// A client learns that there was an error, not which: the error may hold what it must not see. A question that
    /// took too long may have hidden a row that the client is entitled to: it has to read its rows anew.
    private void fail(Candidate candidate, Encodings encodings, RowAnswers answers) {
        counters.countFailure();
        ChangeSubscription subscription = candidate.subscription();
        TableId table = encodings.change().table().id();
        if (hasSlowPattern(candidate, encodings, answers)) {
            subscription.giveUp(
                    String.valueOf(Refusals.tooSlow(ErrorCode.FILTER_TOO_SLOW).getMessage()));
            return;
        }
        if (isTimeout(candidate, encodings, answers)) {
            subscription.withhold(new ChangeSubscription.Withheld(
                    encodings.position(), Set.of(table), BindingStart.Reason.POLICY_TIMEOUT));
            return;
        }
        subscription.tellOnce("A filter or policy could not be evaluated for you on changes of " + table
                + ", which are therefore hidden from you; the server's counters tell how many.");
    }

    /// Whether a pattern of the client's own was too slow: it would be for the next row, too, at the cost of others.
    private boolean hasSlowPattern(Candidate candidate, Encodings encodings, RowAnswers answers) {
        return answers instanceof RowEvaluator.Outcome outcome
                && !outcome.failures().isEmpty()
                && asked(candidate, encodings).stream()
                        .anyMatch(asked -> asked.question() instanceof ColumnQuestion question
                                && question.effort() != Effort.USUAL
                                && outcome.isTooSlow(asked));
    }

    private Set<Asked> asked(Candidate candidate, Encodings encodings) {
        Set<Asked> asked = new HashSet<>();
        undecided(candidate, encodings, asked::add);
        return asked;
    }

    private boolean isTimeout(Candidate candidate, Encodings encodings, RowAnswers answers) {
        if (!(answers instanceof RowEvaluator.Outcome outcome)
                || outcome.failures().isEmpty()) {
            return false;
        }
        Set<Asked> asked = asked(candidate, encodings);
        return outcome.failuresOf(asked).stream().anyMatch(RowEvaluator.Failure::timeout);
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
                readable.generated().stream().filter(select::contains).toList(),
                readable.unmapped().stream().filter(select::contains).toList());
    }

    /// Brings to hand what judging needs besides answers about rows. Blocks.
    ///
    /// @throws SQLException when Postgres does not say; asking again may help
    void prepare(Viewer viewer, Encodings encodings) throws SQLException, InterruptedException {
        guard.prepare(viewer, encodings.change().table().id(), encodings.mark(), RIGHTS_WAIT.toNanos());
    }

    /// Names what Postgres has to be asked for this candidate.
    void undecided(Candidate candidate, Encodings encodings, Consumer<Asked> action) {
        Change change = encodings.change();
        Row judged = requireNonNull(SubscriptionIndex.judgedRow(change), "a TRUNCATE is never delivered");
        for (Candidate.Match match : candidate.matches()) {
            if (match.isOpen()) {
                match.predicate()
                        .undecided(judged, RowAnswers.NONE, question -> action.accept(new Asked(question, judged)));
            }
            if (candidate.membership() && change instanceof Change.Update update) {
                Row old = update.oldRow();
                match.before().undecided(old, RowAnswers.NONE, question -> action.accept(new Asked(question, old)));
            }
        }
        // A DELETE that only its key tells needs no answer about its row.
        if (!(change instanceof Change.Delete && candidate.isUnfound())) {
            guard.undecided(candidate.resolution().viewer(), change, encodings.mark(), action);
        }
    }
}
