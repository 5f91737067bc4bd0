package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Change;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.server.delivery.Candidate.Match;
import dev.walcast.server.encode.Encodings;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The bindings of one candidate whose client has the row that a change is about, and is not told the change otherwise.
/// Under the subscription's lock.
///
/// @param ids     of those bindings, ascending
/// @param verdict on a DELETE, whether its key may be told; on an UPDATE, whether the viewer may still see the row;
///                null when that does not matter
record Knowing(
        Candidate candidate,
        Encodings encodings,
        int[] ids,
        @Nullable Verdict verdict) {
    Knowing {
        requireNonNull(candidate, "candidate is null");
        requireNonNull(encodings, "encodings is null");
        requireNonNull(ids, "ids is null");
    }

    /// @param told  the bindings that are told the change otherwise
    /// @param judge on the change
    static Knowing of(RowGuard guard, Candidate candidate, Encodings encodings, int[] told, Supplier<Verdict> judge) {
        int[] ids = candidate.matches().stream()
                .filter(match -> knows(candidate, match, encodings))
                .mapToInt(Match::bindingId)
                .filter(id -> IntStream.of(told).noneMatch(other -> other == id))
                .sorted()
                .toArray();
        return new Knowing(
                candidate,
                encodings,
                ids,
                ids.length == 0 ? null : verdict(guard, candidate, encodings, ids[0], judge));
    }

    private static boolean knows(Candidate candidate, Match match, Encodings encodings) {
        RowMemory memory = candidate.memory(match, encodings);
        return memory != null && memory.knows(encodings.touched());
    }

    /// The bindings of a candidate have the same viewer, and so the same policy.
    private static @Nullable Verdict verdict(
            RowGuard guard, Candidate candidate, Encodings encodings, int id, Supplier<Verdict> judge) {
        Change change = encodings.change();
        RowMemory memory = candidate.subscription().memories().of(id, change.table());
        if (change instanceof Change.Delete delete && memory != null) {
            return guard.ofKnownRow(
                    candidate.resolution().viewer(),
                    delete.table(),
                    encodings.mark(),
                    memory.view().policy());
        }
        return change instanceof Change.Update ? judge.get() : null;
    }

    /// Whether Postgres has to be asked first.
    boolean isUndecided() {
        return verdict instanceof Verdict.Undecided;
    }

    /// What is told of a row that is gone; nothing when the change is no DELETE, or may not be told.
    Optional<ReadableColumns> toldDelete() {
        return encodings.change() instanceof Change.Delete && verdict instanceof Verdict.Visible visible
                ? Optional.of(visible.oldColumns())
                : Optional.empty();
    }

    /// Has all bindings of the candidate take note of the change, after it was handed over.
    ///
    /// @param told the bindings that were told the change otherwise
    void follow(int[] told) {
        Change change = encodings.change();
        boolean visible = verdict instanceof Verdict.Visible;
        for (Match match : candidate.matches()) {
            RowMemory memory = candidate.memory(match, encodings);
            if (memory == null) {
                continue;
            }
            if (Arrays.stream(told).anyMatch(id -> id == match.bindingId())) {
                memory.told(change, encodings.touched());
            } else {
                memory.passed(change, encodings.touched(), visible);
            }
        }
    }
}
