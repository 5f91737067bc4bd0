package dev.walcast.server.subscribe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.walcast.server.limits.ClientKey;
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
            ClientKey client = client("" + i);
            threads.add(Thread.ofVirtual().start(() -> holdForEver(slow, client)));
        }
        await().until(() -> slow.get() == 4);
        try (ResolvingTurns.Turn _ = turns.take("other", client("b"))) {
            assertThat(slow).hasValue(4);
        }
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        assertThat(turns.tables()).isZero();
        try (ResolvingTurns.Turn _ = turns.take("slow", client("b"))) {
            assertThat(turns.tables()).isOne();
        }
    }

    private void holdForEver(AtomicInteger holders, ClientKey client) {
        try (ResolvingTurns.Turn _ = turns.take("slow", client)) {
            holders.incrementAndGet();
            Thread.currentThread().join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void clientLeavesTurnsToOthers() throws Exception {
        AtomicInteger held = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            threads.add(Thread.ofVirtual().start(() -> holdForEver(held, client("greedy"))));
        }
        await().until(() -> held.get() == 3);
        try (ResolvingTurns.Turn _ = turns.take("slow", client("other"))) {
            assertThat(held).hasValue(3);
        }
        for (Thread thread : threads) {
            thread.interrupt();
            thread.join();
        }
        assertThat(turns.tables()).isZero();
    }

    private static ClientKey client(String address) {
        return ClientKey.ofAddress(address);
    }

    @Test
    void turnsAreBoundedOverAllTables() throws Exception {
        List<ResolvingTurns.Turn> taken = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            taken.add(turns.take(i, client("" + i)));
        }
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> turns.take("ninth", client("ninth"))).isInstanceOf(InterruptedException.class);
        assertThat(turns.tables()).isEqualTo(8);
        taken.forEach(ResolvingTurns.Turn::close);
        assertThat(turns.tables()).isZero();
    }
}
