package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.TableAccess;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/// Checks which rights are kept and which listeners are called, without a database.
class RightsTest {
    private static final AccessQuestion NOTES = new AccessQuestion("anon", new TableId("public", "notes"));

    private final AtomicLong clock = new AtomicLong();
    private final Map<AccessQuestion, TableRights> existing = new HashMap<>();
    private final Rights rights = new Rights(this::read, RightsLimits.USUAL, clock::get);

    private PgSnapshot snapshot = new PgSnapshot(1_000, 1_000, Set.of(), Lsn.ZERO);
    private Set<TableId> unsettled = Set.of();
    private int readings;

    private RightsReader.Reading read(Set<AccessQuestion> questions) {
        readings++;
        Map<AccessQuestion, TableRights> answers = new HashMap<>(existing);
        answers.keySet().retainAll(questions);
        return new RightsReader.Reading(snapshot, answers, Map.of(), unsettled);
    }

    private static TableRights readable(boolean usage) {
        return TableRights.withoutPolicies(new TableAccess(NOTES.table(), true, usage, false, List.of()));
    }

    @Test
    void unknownNamesAreRemoved() throws Exception {
        for (int i = 0; i < 100; i++) {
            assertThat(rights.ask(new AccessQuestion("anon", new TableId("public", "no" + i))))
                    .isNull();
        }
        assertThat(rights.ask(new AccessQuestion("anon", new TableId("public", "x".repeat(1_000)))))
                .isNull();
        clock.addAndGet(Duration.ofSeconds(11).toNanos());
        rights.refresh(Set::of);
        assertThat(rights.tables()).isZero();
    }

    @Test
    void missingTablesKeptAreBounded() throws Exception {
        existing.put(NOTES, readable(true));
        for (int i = 0; i < 2_000; i++) {
            assertThat(rights.ask(new AccessQuestion("anon", new TableId("public", "no" + i))))
                    .isNull();
        }
        assertThat(rights.ask(NOTES)).isNotNull();
        rights.refresh(Set::of);
        assertThat(rights.tables()).isEqualTo(1_001);
        clock.addAndGet(Duration.ofSeconds(11).toNanos());
        rights.refresh(Set::of);
        assertThat(rights.ask(new AccessQuestion("anon", new TableId("public", "new"))))
                .isNull();
        rights.refresh(Set::of);
        assertThat(rights.tables()).isEqualTo(2);
    }

    @Test
    void tooLongNamesAreNotKept() throws Exception {
        String tooLong = "ä".repeat(32);
        rights.ask(new AccessQuestion("anon", new TableId("public", tooLong)));
        rights.ask(new AccessQuestion("anon", new TableId(tooLong, "t")));
        rights.ask(new AccessQuestion(tooLong, new TableId("public", "t")));
        rights.refresh(Set::of);
        assertThat(rights.tables()).isZero();
    }

    @Test
    void markOfRemovedTableIsConfirmed() throws Exception {
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
    void removedAnswerIsNotUsedAgain() throws Exception {
        existing.put(NOTES, readable(true));
        assertThat(rights.ask(NOTES)).isNotNull();
        RightsMark mark = rights.latest(NOTES.table());
        Rights.Known before = requireNonNull(rights.confirmed(NOTES, mark));
        assertThat(rights.tryUse(before, mark)).isTrue();
        clock.addAndGet(Duration.ofMinutes(11).toNanos());
        rights.refresh(Set::of);
        existing.put(NOTES, readable(false));
        assertThat(rights.ask(NOTES)).isNotNull();
        assertThat(rights.tryUse(before, mark)).isFalse();
    }

    @Test
    void failedListenerIsCalledAgain() throws Exception {
        AtomicBoolean broken = new AtomicBoolean(true);
        List<Set<AccessQuestion>> heard = new ArrayList<>();
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

    // -- marks of all tables

    @Test
    void databaseMarkIsConfirmedForEachTable() throws Exception {
        AccessQuestion others = new AccessQuestion("anon", new TableId("public", "others"));
        existing.put(NOTES, readable(true));
        existing.put(others, readable(true));
        rights.ask(NOTES);
        rights.ask(others);
        RightsMark before = rights.latest(NOTES.table());
        rights.markAll(7);
        RightsMark notes = rights.latest(NOTES.table());
        RightsMark other = rights.mark(others.table(), 8);
        assertThat(rights.isConfirmed(before)).isTrue();
        assertThat(rights.isConfirmed(notes)).isFalse();
        assertThat(rights.confirmed(NOTES, notes)).isNull();
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(notes)).isTrue();
        assertThat(rights.isConfirmed(other)).isFalse();
        rights.confirm(others.table());
        assertThat(rights.isConfirmed(other)).isTrue();
        assertThat(rights.latest(NOTES.table())).isSameAs(notes);
    }

    @Test
    void databaseMarkWaitsForItsTransaction() throws Exception {
        existing.put(NOTES, readable(true));
        rights.ask(NOTES);
        snapshot = new PgSnapshot(7, 10, Set.of(7L), Lsn.ZERO);
        rights.markAll(7);
        RightsMark first = rights.latest(NOTES.table());
        rights.markAll(8);
        RightsMark second = rights.latest(NOTES.table());
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(first)).isFalse();
        assertThat(rights.isConfirmed(second)).isFalse();
        snapshot = new PgSnapshot(10, 10, Set.of(), Lsn.ZERO);
        unsettled = Set.of(NOTES.table());
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(second)).isFalse();
        unsettled = Set.of();
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(first)).isTrue();
        assertThat(rights.isConfirmed(second)).isTrue();
    }

    @Test
    void oneReadingConfirmsAllMarks() throws Exception {
        existing.put(NOTES, readable(true));
        rights.ask(NOTES);
        RightsMark first = rights.latest(NOTES.table());
        snapshot = new PgSnapshot(10_000_000, 10_000_000, Set.of(), Lsn.ZERO);
        for (int xid = 1_000; xid < 1_000_000; xid++) {
            rights.markAll(xid);
        }
        RightsMark last = rights.latest(NOTES.table());
        int before = readings;
        assertThat(rights.isConfirmed(first)).isTrue();
        assertThat(rights.isConfirmed(last)).isFalse();
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(last)).isTrue();
        assertThat(readings).isEqualTo(before + 1);
        assertThat(rights.tables()).isEqualTo(1);
    }

    /// With more marks than are kept one by one, a mark waits for all transactions up to its own.
    @Test
    void floodOfMarksLosesNone() throws Exception {
        existing.put(NOTES, readable(true));
        rights.ask(NOTES);
        for (int xid = 2_000; xid < 300_000; xid++) {
            rights.markAll(xid);
        }
        RightsMark last = rights.latest(NOTES.table());
        for (long invisible : List.of(2_000L, 50_000L, 299_000L)) {
            snapshot = new PgSnapshot(invisible, 400_000, Set.of(invisible), Lsn.ZERO);
            rights.confirm(NOTES.table());
            assertThat(rights.isConfirmed(last)).as("without " + invisible).isFalse();
        }
        snapshot = new PgSnapshot(399_999, 400_000, Set.of(399_999L), Lsn.ZERO);
        rights.confirm(NOTES.table());
        assertThat(rights.isConfirmed(last)).isTrue();
    }

    /// Without clients, only the refresh reads.
    @Test
    void marksAreRemovedWithoutClients() throws Exception {
        rights.markAll(7);
        rights.refresh(Set::of);
        assertThat(readings).isEqualTo(1);
        rights.refresh(Set::of);
        assertThat(readings).isEqualTo(1);
    }
}
