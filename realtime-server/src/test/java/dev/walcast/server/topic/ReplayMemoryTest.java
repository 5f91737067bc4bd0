package dev.walcast.server.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ReplayMemoryTest {
    private static final int MORE_THAN_IT_HOLDS = 1_100;

    private static OutboundFrame frame() {
        Serializer serializer = Serializer.forVersion("2.0.0").orElseThrow();
        return serializer.encode(Address.allOn(Topic.named("a")), "broadcast", Payload.empty());
    }

    @Test
    void replayThatOverflowsHoldsNothing() {
        MemoryBudget budget = new MemoryBudget(16 << 20, 16 << 20, System::nanoTime);
        MemoryAccount account = budget.open(() -> {});
        Replay replay = new Replay(account);
        for (int i = 0; i < MORE_THAN_IT_HOLDS; i++) {
            replay.hold(Optional.empty(), frame().sharedWhole());
        }
        assertThat(replay.overflown()).isTrue();
        assertThat(account.bytes()).isZero();
        account.close();
        assertThat(budget.used()).isZero();
    }
}
