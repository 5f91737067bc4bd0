package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ResolvingTurnsTest {
    private final ResolvingTurns turns = new ResolvingTurns();

    @Test
    void slowTableLeavesTurnsToOthers() throws Exception {
        AtomicInteger slow = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(Thread.ofVirtual().start(() -> holdForEver(slow)));
        }
        await().until(() -> slow.get() == 4);
        try (ResolvingTurns.Turn _ = turns.take("other")) {
            assertThat(slow).hasValue(4);
        }
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        assertThat(turns.tables()).isZero();
        try (ResolvingTurns.Turn _ = turns.take("slow")) {
            assertThat(turns.tables()).isOne();
        }
    }

    private void holdForEver(AtomicInteger holders) {
        try (ResolvingTurns.Turn _ = turns.take("slow")) {
            holders.incrementAndGet();
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void turnsAreBoundedOverAllTables() throws Exception {
        List<ResolvingTurns.Turn> taken = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            taken.add(turns.take(i));
        }
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> turns.take("ninth")).isInstanceOf(InterruptedException.class);
        assertThat(turns.tables()).isEqualTo(8);
        taken.forEach(ResolvingTurns.Turn::close);
        assertThat(turns.tables()).isZero();
    }
}
