package dev.walcast.rls;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.Question;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// What is kept of rights and who hears of them, without a database.
class RightsTest {
    private static final Question NOTES = new Question("anon", new TableId("public", "notes"));

    private final AtomicLong clock = new AtomicLong();
    private final Map<Question, TableRights> existing = new HashMap<>();
    private final Rights rights = new Rights(this::read, RightsLimits.USUAL, clock::get);

    private RightsReader.Reading read(Set<Question> questions) {
        Map<Question, TableRights> answers = new HashMap<>(existing);
        answers.keySet().retainAll(questions);
        return new RightsReader.Reading(new Moment(1_000, 1_000, Set.of(), Lsn.ZERO), answers, Map.of(), Set.of());
    }

    private static TableRights readable(boolean usage) {
        return TableRights.withoutPolicies(new TableAccess(NOTES.table(), true, usage, false, List.of()));
    }

    @Test
    void namesThatClientsMakeUpAreForgotten() throws Exception {
        for (int i = 0; i < 100; i++) {
            assertThat(rights.ask(new Question("anon", new TableId("public", "no" + i))))
                    .isNull();
        }
        assertThat(rights.ask(new Question("anon", new TableId("public", "x".repeat(1_000)))))
                .isNull();
        clock.addAndGet(Duration.ofSeconds(11).toNanos());
        rights.refresh(Set::of);
        assertThat(rights.tables()).isZero();
    }

    @Test
    void markOfATableThatIsForgottenIsConfirmedLater() throws Exception {
        existing.put(NOTES, readable(true));
        assertThat(rights.ask(NOTES)).isNotNull();
        RightsMark mark = rights.mark(NOTES.table(), 7);
        clock.addAndGet(Duration.ofMinutes(11).toNanos());
        rights.refresh(Set::of);
        assertThat(rights.ask(NOTES)).isNotNull();
        assertThat(mark.isConfirmed()).isTrue();
        assertThat(rights.confirmed(NOTES, mark)).isNotNull();
    }

    @Test
    void forgottenAnswerIsNotUsedAgain() throws Exception {
        existing.put(NOTES, readable(true));
        assertThat(rights.ask(NOTES)).isNotNull();
        RightsMark mark = rights.latest(NOTES.table());
        Rights.Known before = requireNonNull(rights.confirmed(NOTES, mark));
        assertThat(rights.isConfirmed(before, mark)).isTrue();
        clock.addAndGet(Duration.ofMinutes(11).toNanos());
        rights.refresh(Set::of);
        existing.put(NOTES, readable(false));
        assertThat(rights.ask(NOTES)).isNotNull();
        assertThat(rights.isConfirmed(before, mark)).isFalse();
    }

    @Test
    void listenerThatFailedHearsAgain() throws Exception {
        AtomicBoolean broken = new AtomicBoolean(true);
        List<Set<Question>> heard = new ArrayList<>();
        rights.onChange(changed -> {
            if (broken.get()) {
                throw new IllegalStateException("broken");
            }
            heard.add(changed);
        });
        existing.put(NOTES, readable(true));
        assertThat(rights.ask(NOTES)).isNotNull();
        existing.put(NOTES, readable(false));
        RightsMark mark = rights.mark(NOTES.table(), 7);
        assertThatThrownBy(() -> rights.confirm(NOTES.table())).isInstanceOf(IllegalStateException.class);
        assertThat(mark.isConfirmed()).isFalse();
        broken.set(false);
        rights.confirm(NOTES.table());
        assertThat(heard).containsExactly(Set.of(NOTES));
        assertThat(mark.isConfirmed()).isTrue();
    }
}
