package dev.walcast.server.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {
    private static final long KIB = 1024;
    private final MemoryBudget budget = new MemoryBudget(1_000 * KIB, 500 * KIB, System::nanoTime);
    private final List<String> ended = new ArrayList<>();

    /// A client that frees its memory when it is ended.
    private final class Holder {
        private final String name;
        private final MemoryAccount account = budget.open(this::free);
        private long held;

        Holder(String name) {
            this.name = name;
        }

        boolean hold(long bytes) {
            boolean taken = account.tryHold(bytes);
            held += taken ? bytes : 0;
            return taken;
        }

        private void free() {
            ended.add(name);
            account.release(held);
            held = 0;
        }
    }

    @Test
    void clientHoldsAtMostItsBound() {
        Holder one = new Holder("one");
        assertThat(one.hold(400 * KIB)).isTrue();
        assertThat(one.hold(200 * KIB)).isFalse();
        assertThat(ended).isEmpty();
        assertThat(budget.refusals()).isEqualTo(1);
    }

    @Test
    void largestAccountEndsFirst() {
        Holder large = new Holder("large");
        Holder larger = new Holder("larger");
        Holder middle = new Holder("middle");
        assertThat(large.hold(300 * KIB)).isTrue();
        assertThat(larger.hold(450 * KIB)).isTrue();
        assertThat(middle.hold(200 * KIB)).isTrue();
        assertThat(middle.hold(60 * KIB)).isTrue();
        assertThat(ended).containsExactly("larger");
        assertThat(larger.hold(1)).isFalse();
        assertThat(budget.endings()).isEqualTo(1);
        assertThat(budget.peak()).isGreaterThan(1_000 * KIB);
    }

    @Test
    void largestAccountIsRefused() {
        Holder asking = new Holder("asking");
        List<Holder> others = List.of(new Holder("a"), new Holder("b"), new Holder("c"));
        others.forEach(other -> assertThat(other.hold(250 * KIB)).isTrue());
        assertThat(asking.hold(300 * KIB)).isFalse();
        assertThat(ended).containsExactly("asking");
    }

    @Test
    void smallAccountIsAlwaysServed() {
        MemoryAccount stubborn = budget.openForServer(2_000 * KIB);
        stubborn.take(1_500 * KIB, null);
        Holder small = new Holder("small");
        assertThat(small.hold(10 * KIB)).isTrue();
        assertThat(small.account.hold(1 * KIB)).isTrue();
        assertThat(small.hold(20 * KIB)).isFalse();
        assertThat(ended).isEmpty();
    }

    @Test
    void sharedBytesAreCountedOnce() {
        SharedBytes common = new SharedBytes(400 << 10);
        List<MemoryAccount> many = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            MemoryAccount one = budget.prepare(() -> ended.add("one"));
            assertThat(one.takeSeat(0)).isTrue();
            assertThat(one.hold(64, common)).isTrue();
            many.add(one);
        }
        assertThat(ended).isEmpty();
        assertThat(many.getFirst().bytes()).isEqualTo(400 * KIB + 64);
        many.forEach(one -> {
            one.release(64, common);
            one.close();
        });
        assertThat(budget.used()).isZero();
    }

    @Test
    void seatsLeaveAQuarterFree() {
        List<MemoryAccount> seated = new ArrayList<>();
        for (MemoryAccount next = budget.prepare(() -> {}); next.takeSeat(16 * KIB); next = budget.prepare(() -> {})) {
            seated.add(next);
        }
        assertThat(budget.used()).isBetween(700 * KIB, 750 * KIB);
        seated.forEach(MemoryAccount::close);
        assertThat(budget.used()).isZero();
    }

    @Test
    void seatCoversTheFirstBytes() {
        MemoryAccount account = budget.prepare(() -> {});
        assertThat(account.takeSeat(16 * KIB)).isTrue();
        long seat = budget.used();
        account.hold(3 * KIB);
        assertThat(budget.used()).isEqualTo(seat);
        account.hold(3 * KIB);
        assertThat(budget.used()).isGreaterThan(seat);
        account.close();
        account.release(6 * KIB);
        assertThat(budget.used()).isZero();
    }

    @Test
    void concurrentUseLeavesNothing() throws Exception {
        SharedBytes common = new SharedBytes(10_000);
        MemoryAccount one = budget.prepare(() -> {});
        one.takeSeat(KIB);
        MemoryAccount other = budget.open(() -> {});
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            long seed = i;
            threads.add(Thread.ofPlatform().start(() -> churn(List.of(one, other), common, new Random(seed))));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        one.close();
        other.close();
        assertThat(one.bytes() + other.bytes()).isZero();
        assertThat(budget.used()).isZero();
    }

    private static void churn(List<MemoryAccount> accounts, SharedBytes common, Random random) {
        for (int i = 0; i < 20_000; i++) {
            MemoryAccount account = accounts.get(random.nextInt(accounts.size()));
            long bytes = random.nextInt(20_000);
            if (account.hold(bytes, common)) {
                account.release(bytes, common);
            }
        }
    }
}
