package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.filters.Answers;
import dev.walcast.filters.InView;
import dev.walcast.filters.Truth;
import dev.walcast.rls.OldRow;
import dev.walcast.rls.RightsMark;
import dev.walcast.rls.RowGuard;
import dev.walcast.rls.Verdict;
import dev.walcast.rls.Verdict.Reason;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.Candidate.Match;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/// What an UPDATE did to a row as each binding of one candidate sees it, for bindings that want to know which rows come
/// into view and which leave it.
///
/// @param verdict on the new row, by the policies
/// @param ids     of the bindings that hear of it, ascending
/// @param failed  whether a filter or policy could not be evaluated for the new row
record Passages(Verdict verdict, OldRow old, Map<Passage, int[]> ids, boolean failed) {
    Passages {
        requireNonNull(verdict, "verdict is null");
        requireNonNull(old, "old is null");
    }

    /// Empty when Postgres has to be asked first.
    ///
    /// @param mark of the update
    static Optional<Passages> judge(
            RowGuard guard, Candidate candidate, Change.Update update, RightsMark mark, Answers answers) {
        Viewer viewer = candidate.resolution().viewer();
        Verdict verdict = guard.judge(viewer, update, mark, answers);
        OldRow old = guard.before(viewer, update, mark, answers);
        boolean failed = verdict instanceof Verdict.Hidden(Reason reason) && reason == Reason.POLICY_FAILED;
        Map<Passage, int[]> ids = new EnumMap<>(Passage.class);
        for (Match match : candidate.matches()) {
            InView before = InView.of(match.before(), update.oldRow(), answers).and(old.seen());
            InView now = InView.of(match.predicate(), update.newRow(), answers).and(shown(verdict));
            if (before == InView.UNDECIDED || now == InView.UNDECIDED) {
                return Optional.empty();
            }
            failed |= match.predicate().test(update.newRow(), answers) == Truth.FAILED;
            Passage.of(before, now)
                    .filter(passage -> match.tells(passage.event()))
                    .ifPresent(passage -> ids.merge(passage, new int[] {match.bindingId()}, Passages::union));
        }
        return Optional.of(new Passages(verdict, old, ids, failed));
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
