package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.UnansweredException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.rls.cache.SingleFlightCache;
import java.util.List;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// A [FilterDatabase] that asks another one once for all joins with the same filter within a second. The type of the
/// column and the settings of the role belong to the question, so a changed type is another question. Refusals are not
/// cached. Safe for any thread. Calls block.
public final class CachedFilterDatabase implements FilterDatabase {
    private final FilterDatabase database;
    private final SingleFlightCache<Asked, List<@Nullable String>> answers;
    private final SingleFlightCache<Asked, String> operators;

    /// Makes an empty cache.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public CachedFilterDatabase(FilterDatabase database, LongSupplier nanoTime) {
        this.database = requireNonNull(database, "database is null");
        this.answers = new SingleFlightCache<>(nanoTime, CachedFilterDatabase::characters);
        this.operators = new SingleFlightCache<>(nanoTime);
    }

    private static long characters(Asked asked, @Nullable List<@Nullable String> answer) {
        long ofAnswer = answer == null
                ? 0
                : answer.stream()
                        .filter(Objects::nonNull)
                        .mapToLong(String::length)
                        .sum();
        return ofAnswer + asked.characters();
    }

    private sealed interface Asked {
        /// Returns how many characters of the client it holds.
        long characters();

        record Value(RoleSession session, ColumnType type, String value) implements Asked {
            @Override
            public long characters() {
                return value.length();
            }
        }

        record Elements(RoleSession session, ColumnType type, String arrayLiteral) implements Asked {
            @Override
            public long characters() {
                return arrayLiteral.length();
            }
        }

        record OperatorSchema(String operator, long left, long right) implements Asked {
            @Override
            public long characters() {
                return operator.length();
            }
        }

        record Check(ColumnQuestion question, @Nullable String value) implements Asked {
            @Override
            public long characters() {
                String parameter = question.parameter();
                return (long) question.expression().length() + (parameter == null ? 0 : parameter.length());
            }
        }
    }

    @Override
    public String canonical(RoleSession session, ColumnType type, String value)
            throws FilterRefusedException, UnansweredException {
        return requireNonNull(
                answer(new Asked.Value(session, type, value), () -> List.of(database.canonical(session, type, value)))
                        .getFirst());
    }

    @Override
    public List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral)
            throws FilterRefusedException, UnansweredException {
        return answer(
                new Asked.Elements(session, type, arrayLiteral),
                () -> database.canonicalElements(session, type, arrayLiteral));
    }

    @Override
    public String operatorSchema(String operator, long left, long right) throws UnansweredException {
        return requireNonNull(operators.<UnansweredException, UnansweredException>get(
                new Asked.OperatorSchema(operator, left, right), () -> database.operatorSchema(operator, left, right)));
    }

    @Override
    public void check(ColumnQuestion question, @Nullable String value)
            throws FilterRefusedException, UnansweredException {
        List<@Nullable String> _ = answer(new Asked.Check(question, value), () -> {
            database.check(question, value);
            return List.of();
        });
    }

    private List<@Nullable String> answer(
            Asked asked, SingleFlightCache.Ask<List<@Nullable String>, FilterRefusedException, UnansweredException> ask)
            throws FilterRefusedException, UnansweredException {
        return requireNonNull(answers.<FilterRefusedException, UnansweredException>get(asked, ask));
    }
}
