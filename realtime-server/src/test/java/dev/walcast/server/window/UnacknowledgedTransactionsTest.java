package dev.walcast.server.window;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Transactions are named by their LSN.
class UnacknowledgedTransactionsTest {
    private final UnacknowledgedTransactions unacknowledged = new UnacknowledgedTransactions(Lsn.ZERO);
    private final List<Long> acknowledged = new ArrayList<>();

    private WindowTransaction add(long lsn, boolean empty) {
        WindowTransaction received =
                new WindowTransaction(new Commit(new Lsn(lsn), lsn, 0), 0, () -> acknowledged.add(lsn));
        received.skip(empty);
        unacknowledged.add(received);
        return received;
    }

    private void acknowledge(long remembered, boolean idle) {
        unacknowledged.acknowledgeable(new Lsn(remembered), idle).forEach(Runnable::run);
    }

    @Test
    void deliveredRunIsAcknowledgedLastFirst() {
        WindowTransaction one = add(1, false);
        WindowTransaction two = add(2, false);
        add(3, false);
        two.deliver();
        assertThat(unacknowledged.deliveredThrough()).isEqualTo(Lsn.ZERO);
        acknowledge(9, false);
        assertThat(acknowledged).isEmpty();
        one.deliver();
        assertThat(unacknowledged.deliveredThrough()).isEqualTo(new Lsn(2));
        acknowledge(9, false);
        assertThat(acknowledged).containsExactly(2L, 1L);
        assertThat(unacknowledged.acknowledged()).isEqualTo(new Lsn(2));
    }

    @Test
    void nothingIsAcknowledgedBeforeItIsStored() {
        add(1, false).deliver();
        add(2, false).deliver();
        acknowledge(1, false);
        assertThat(acknowledged).containsExactly(1L);
        acknowledge(2, false);
        assertThat(acknowledged).containsExactly(1L, 2L);
    }

    @Test
    void emptyTransactionsAreMerged() {
        WindowTransaction open = add(1, false);
        for (long lsn = 2; lsn <= 1000; lsn++) {
            add(lsn, true).deliver();
        }
        assertThat(acknowledged).doesNotContain(1L).hasSize(998);
        acknowledged.clear();
        open.deliver();
        assertThat(unacknowledged.deliveredThrough()).isEqualTo(new Lsn(1000));
        acknowledge(998, false);
        assertThat(acknowledged).isEmpty();
        acknowledge(1000, false);
        assertThat(acknowledged).containsExactly(1000L, 1L);
    }

    @Test
    void emptyTransactionsStayOpenWhileIdle() {
        add(1, false).deliver();
        add(2, true).deliver();
        acknowledge(9, true);
        assertThat(acknowledged).containsExactly(1L);
        acknowledge(9, false);
        assertThat(acknowledged).containsExactly(1L, 2L);
    }
}
