package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.filters.predicate.InView;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.guard.OldRowVerdict;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.guard.Verdict.Reason;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.server.delivery.Candidate.Match;
import dev.walcast.server.encode.Encodings;
import dev.walcast.server.encode.MembershipChange;
import dev.walcast.server.rowkeys.TouchedRow;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// What an UPDATE did to a row as each binding of one candidate sees it, for bindings that want to know which rows come
/// into view and which leave it.
///
/// @param verdict      on the new row, by the policies
/// @param ids          of the bindings that hear of it, ascending
/// @param failed       whether a filter or policy could not be evaluated for the new row
/// @param inapplicable whether a filter or policy was resolved for another definition of the table
record Passages(
        Verdict verdict, OldRowVerdict old, Map<MembershipChange, int[]> ids, boolean failed, boolean inapplicable) {
    Passages {
        requireNonNull(verdict, "verdict is null");
        requireNonNull(old, "old is null");
    }

    /// Empty when Postgres has to be asked first.
    ///
    /// @param encodings of the update
    static Optional<Passages> judge(
            RowGuard guard, Candidate candidate, Change.Update update, Encodings encodings, RowAnswers answers) {
        RightsMark mark = encodings.mark();
        Viewer viewer = candidate.resolution().viewer();
        Verdict verdict = guard.judge(viewer, update, mark, answers);
        OldRowVerdict old = guard.before(viewer, update, mark, answers);
        boolean failed = verdict instanceof Verdict.Hidden(Reason reason) && reason == Reason.POLICY_FAILED;
        boolean inapplicable = verdict instanceof Verdict.Hidden(Reason why) && why == Reason.OTHER_DEFINITION;
        Map<MembershipChange, int[]> ids = new EnumMap<>(MembershipChange.class);
        for (Match match : candidate.matches()) {
            InView before = InView.of(match.before(), update.oldRow(), answers).and(old.seen());
            InView now = InView.of(match.predicate(), update.newRow(), answers).and(shown(verdict));
            if (now == InView.NO && before != InView.YES) {
                before = known(guard, candidate, match, encodings, before);
            }
            if (before == InView.UNDECIDED || now == InView.UNDECIDED) {
                return Optional.empty();
            }
            Truth truth = match.predicate().test(update.newRow(), answers);
            failed |= truth == Truth.FAILED;
            inapplicable |=
                    truth == Truth.INAPPLICABLE || match.before().test(update.oldRow(), answers) == Truth.INAPPLICABLE;
            MembershipChange.of(before, now)
                    .filter(passage -> match.tells(passage.event()))
                    .ifPresent(passage -> ids.merge(passage, new int[] {match.bindingId()}, Passages::union));
        }
        return Optional.of(new Passages(verdict, old, ids, failed, inapplicable));
    }

    /// A row that its client has was in view, even if the UPDATE carries nothing of the old row.
    private static InView known(
            RowGuard guard, Candidate candidate, Match match, Encodings encodings, InView otherwise) {
        RowMemory memory = candidate.memory(match, encodings);
        if (memory == null || !memory.knows(encodings.touched())) {
            return otherwise;
        }
        Viewer viewer = candidate.resolution().viewer();
        Verdict verdict = guard.ofKnownRow(
                viewer,
                encodings.change().table(),
                encodings.mark(),
                memory.view().policy());
        return switch (verdict) {
            case Verdict.Visible _ -> InView.YES;
            case Verdict.Hidden _ -> otherwise;
            case Verdict.Undecided _ -> InView.UNDECIDED;
        };
    }

    /// Bindings that remember rows take note, after the client was told.
    void follow(Candidate candidate, Change.Update update, Encodings encodings) {
        if (candidate.subscription().memories().isEmpty()) {
            return;
        }
        boolean visible = verdict instanceof Verdict.Visible;
        for (Match match : candidate.matches()) {
            RowMemory memory = candidate.memory(match, encodings);
            if (memory == null) {
                continue;
            }
            TouchedRow row = encodings.touched();
            if (isTold(MembershipChange.LEFT, match)) {
                memory.forget(row);
            } else if (isTold(MembershipChange.KEPT, match) || isTold(MembershipChange.ENTERED, match)) {
                memory.told(update, row);
            } else {
                memory.passed(update, row, visible);
            }
        }
    }

    private boolean isTold(MembershipChange passage, Match match) {
        int[] told = ids.get(passage);
        return told != null && Arrays.binarySearch(told, match.bindingId()) >= 0;
    }

    private static InView shown(Verdict verdict) {
        return switch (verdict) {
            case Verdict.Visible _ -> InView.YES;
            case Verdict.Hidden _ -> InView.NO;
            case Verdict.Undecided _ -> InView.UNDECIDED;
        };
    }

    private static int[] union(int[] some, int[] others) {
        return IntStream.concat(IntStream.of(some), IntStream.of(others))
                .sorted()
                .toArray();
    }
}
