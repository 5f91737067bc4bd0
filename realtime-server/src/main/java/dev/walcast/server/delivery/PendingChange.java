package dev.walcast.server.delivery;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.server.delivery.ChangeSubscription.Withheld;
import dev.walcast.server.encode.Encodings;
import org.jspecify.annotations.Nullable;

/// A change that one subscription cannot get yet, or the news that some were dropped, at its place among the
/// subscription's changes. Guarded by the subscription's lock.
final class PendingChange implements Comparable<PendingChange> {
    /// After so many rounds of answers a change that is still undecided is withheld.
    private static final int ROUNDS_MAX = 5;

    private final long sequence;
    private final long sinceNanos;
    private final @Nullable Encodings encodings;
    private final @Nullable Withheld news;
    private final Runnable done;
    private RowAnswers answers = RowAnswers.NONE;
    private boolean asking;
    private volatile boolean over;
    private int rounds;

    private PendingChange(
            long sequence, long sinceNanos, @Nullable Encodings encodings, @Nullable Withheld news, Runnable done) {
        this.sequence = sequence;
        this.sinceNanos = sinceNanos;
        this.encodings = encodings;
        this.news = news;
        this.done = requireNonNull(done, "done is null");
    }

    /// @param done run once, when it was handed over or dropped
    static PendingChange of(long sequence, long nowNanos, Encodings encodings, Runnable done) {
        return new PendingChange(sequence, nowNanos, requireNonNull(encodings), null, done);
    }

    /// @param done run once, when it was told or dropped
    static PendingChange news(long sequence, long nowNanos, Withheld news, Runnable done) {
        return new PendingChange(sequence, nowNanos, null, requireNonNull(news), done);
    }

    long sequence() {
        return sequence;
    }

    long sinceNanos() {
        return sinceNanos;
    }

    /// What was dropped; null for a change.
    @Nullable
    Withheld news() {
        return news;
    }

    /// Of a change only.
    Encodings encodings() {
        return requireNonNull(encodings, "no change");
    }

    RowAnswers answers() {
        return answers;
    }

    /// Whether Postgres is being asked about it.
    boolean isAsking() {
        return asking;
    }

    /// @return false when it was asked about too often: it stays undecided for a reason that asking does not mend
    boolean beginAsking() {
        asking = ++rounds <= ROUNDS_MAX;
        return asking;
    }

    /// What it comes to has changed, so that earlier rounds do not count.
    void beginAskingAnew() {
        rounds = 0;
        boolean _ = beginAsking();
    }

    void answer(RowAnswers given) {
        answers = given;
        asking = false;
    }

    boolean isOver() {
        return over;
    }

    /// It leaves the queue. A receiver that closes its subscription may have had it leave already.
    void finish() {
        if (!over) {
            over = true;
            done.run();
        }
    }

    @Override
    public int compareTo(PendingChange other) {
        int bySequence = Long.compare(sequence, other.sequence);
        return bySequence == 0 ? Boolean.compare(news != null, other.news != null) : bySequence;
    }
}
