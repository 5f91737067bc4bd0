package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Catalog.Question;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The rights in force: every answer that was asked for lately, asked again all together by [#refresh()], which
/// somebody calls every second. So a REVOKE takes effect within that time plus one query.
///
/// An answer older than [#MAX_AGE] is never used, and one that stayed the same stays the same instance. Safe for any
/// thread.
public final class Rights {
    /// How old an answer may be.
    public static final Duration MAX_AGE = Duration.ofSeconds(5);

    /// An answer nobody asked for in this time is forgotten: the set of roles comes from tokens.
    private static final Duration FORGOTTEN_AFTER = Duration.ofMinutes(10);

    private static final Logger log = LoggerFactory.getLogger(Rights.class);

    private final Catalog catalog;
    private final LongSupplier nanoTime;
    private final Map<Question, Answer> answers = new ConcurrentHashMap<>();
    private final CopyOnWriteArrayList<Consumer<Set<Question>>> listeners = new CopyOnWriteArrayList<>();

    public Rights(Catalog catalog, LongSupplier nanoTime) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
    }

    /// @param access null when there is no such table
    private record Answer(@Nullable TableAccess access, long answeredAt, long askedAt) {}

    /// Hears which answers differ from before, on the thread that asked.
    public void onChange(Consumer<Set<Question>> listener) {
        listeners.add(listener);
    }

    /// The right now in force; null when there is no such table. Asks Postgres when the answer at hand is missing
    /// or old.
    public @Nullable TableAccess access(Question question) throws SQLException {
        Answer answer = answers.get(question);
        long now = nanoTime.getAsLong();
        if (answer == null || now - answer.answeredAt() > MAX_AGE.toNanos()) {
            return ask(question);
        }
        if (now - answer.askedAt() > MAX_AGE.toNanos()) {
            answers.computeIfPresent(question, (_, old) -> new Answer(old.access(), old.answeredAt(), now));
        }
        return answer.access();
    }

    /// Asks Postgres whatever is at hand, and tells the listeners when that is not what was known.
    public @Nullable TableAccess ask(Question question) throws SQLException {
        long asked = nanoTime.getAsLong();
        TableAccess access = catalog.access(Set.of(question)).get(question);
        Answer before = answers.put(question, new Answer(access, asked, asked));
        if (before != null && !Objects.equals(before.access(), access)) {
            tell(Set.of(question));
        }
        return access;
    }

    /// Asks everything again in one statement and tells the listeners what changed.
    ///
    /// @param inUse what must not be forgotten although nobody asked lately; called when there is such
    public void refresh(Supplier<Set<Question>> inUse) throws SQLException {
        long now = nanoTime.getAsLong();
        forget(now, inUse);
        Set<Question> known = Set.copyOf(answers.keySet());
        Map<Question, TableAccess> fresh = catalog.access(known);
        Set<Question> changed = new HashSet<>();
        for (Question question : known) {
            TableAccess access = fresh.get(question);
            answers.computeIfPresent(question, (_, old) -> {
                if (Objects.equals(old.access(), access)) {
                    return new Answer(old.access(), now, old.askedAt());
                }
                changed.add(question);
                return new Answer(access, now, old.askedAt());
            });
        }
        if (!changed.isEmpty()) {
            tell(changed);
        }
    }

    private void forget(long now, Supplier<Set<Question>> inUse) {
        Set<Question> old = new HashSet<>();
        answers.forEach((question, answer) -> {
            if (now - answer.askedAt() > FORGOTTEN_AFTER.toNanos()) {
                old.add(question);
            }
        });
        if (!old.isEmpty()) {
            Set<Question> used = inUse.get();
            old.forEach(question -> answers.computeIfPresent(
                    question,
                    (_, answer) ->
                            used.contains(question) ? new Answer(answer.access(), answer.answeredAt(), now) : null));
        }
    }

    private void tell(Set<Question> changed) {
        log.info("Rights changed for {}", changed);
        listeners.forEach(listener -> listener.accept(changed));
    }
}
