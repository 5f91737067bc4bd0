package dev.walcast.server.window;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Commit;
import dev.walcast.cdc.Lsn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Transactions are named by their LSN.
class SettlementTest {
    private final Settlement settlement = new Settlement(Lsn.ZERO);
    private final List<Long> acknowledged = new ArrayList<>();

    private Passed add(long lsn, boolean empty) {
        Passed passed = new Passed(new Commit(new Lsn(lsn), lsn, 0), 0, () -> acknowledged.add(lsn));
        passed.pass(empty);
        settlement.add(passed);
        return passed;
    }

    private void acknowledge(long remembered, boolean idle) {
        settlement.acknowledgeable(new Lsn(remembered), idle).forEach(Runnable::run);
    }

    @Test
    void theRunThatIsDeliveredIsAcknowledgedItsLastFirst() {
        Passed one = add(1, false);
        Passed two = add(2, false);
        add(3, false);
        two.deliver();
        assertThat(settlement.deliveredThrough()).isEqualTo(Lsn.ZERO);
        acknowledge(9, false);
        assertThat(acknowledged).isEmpty();
        one.deliver();
        assertThat(settlement.deliveredThrough()).isEqualTo(new Lsn(2));
        acknowledge(9, false);
        assertThat(acknowledged).containsExactly(2L, 1L);
        assertThat(settlement.acknowledged()).isEqualTo(new Lsn(2));
    }

    @Test
    void nothingIsAcknowledgedThatIsNotRemembered() {
        add(1, false).deliver();
        add(2, false).deliver();
        acknowledge(1, false);
        assertThat(acknowledged).containsExactly(1L);
        acknowledge(2, false);
        assertThat(acknowledged).containsExactly(1L, 2L);
    }

    @Test
    void manyEmptyTransactionsBehindAnOpenOneAreOneAndAreNotAcknowledgedBeforeTheyAreRemembered() {
        Passed open = add(1, false);
        for (long lsn = 2; lsn <= 1000; lsn++) {
            add(lsn, true).deliver();
        }
        assertThat(acknowledged).doesNotContain(1L).hasSize(998);
        acknowledged.clear();
        open.deliver();
        assertThat(settlement.deliveredThrough()).isEqualTo(new Lsn(1000));
        acknowledge(998, false);
        assertThat(acknowledged).isEmpty();
        acknowledge(1000, false);
        assertThat(acknowledged).containsExactly(1000L, 1L);
    }

    @Test
    void whatIsEmptyStaysOpenBehindTheLastChangeWhileTheFeedIsIdle() {
        add(1, false).deliver();
        add(2, true).deliver();
        acknowledge(9, true);
        assertThat(acknowledged).containsExactly(1L);
        acknowledge(9, false);
        assertThat(acknowledged).containsExactly(1L, 2L);
    }
}
