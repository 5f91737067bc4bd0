package dev.walcast.server.attack;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/// How long and how strictly attacks run: short in each build, full with `-Dwalcast.attack=long`.
record AttackPlan(boolean isLong, List<String> heaps, List<Kind> kinds, Duration longTime) {
    private static final String TINY_HEAP = "64m";
    private static final int ATTACKS_OF_A_LOOK = 8;

    static AttackPlan ofProperties() {
        boolean isLong = "long".equals(System.getProperty("walcast.attack"));
        String heaps = System.getProperty("walcast.attack.heaps", isLong ? "128m,512m,2g" : "128m");
        String kinds = System.getProperty("walcast.attack.kinds", "");
        return new AttackPlan(
                isLong,
                List.of(heaps.split(",")),
                kinds.isEmpty()
                        ? List.of(Kind.values())
                        : Arrays.stream(kinds.split(",")).map(Kind::valueOf).toList(),
                Duration.ofSeconds(Long.getLong("walcast.attack.seconds", 20)));
    }

    Duration time() {
        return isLong ? longTime : Duration.ofSeconds(1);
    }

    /// How long to wait until an attack has done enough to count as one.
    Duration timeMax(Duration time) {
        return time.multipliedBy(isLong ? 2 : 4);
    }

    /// Settings for an arena. Memory for rows fills up without any attack, so it is small here and full soon at any
    /// heap. In the short form there are fewer connections to take, attackers take fewer, and a lost client is
    /// detected sooner.
    Map<String, String> settings(Kind.Arena arena) {
        Map<String, String> settings = new HashMap<>();
        if (arena != Kind.Arena.TINY_HEAP) {
            settings.putAll(Map.of("REPLAY_MEMORY", "4MiB", "DELETE_KEYS_MEMORY", "1MiB"));
        }
        if (!isLong && arena != Kind.Arena.CRAMPED) {
            settings.putAll(Map.of(
                    "MAX_CONNECTIONS", "1500",
                    "MAX_CONNECTIONS_PER_ADDRESS", "500",
                    "MAX_USERS", "1000",
                    "IDLE_TIMEOUT", "10s"));
        }
        return settings;
    }

    /// Each kind at each heap; one that has a heap of its own once.
    Stream<Arguments> attacks() {
        return heaps.stream()
                .flatMap(heap -> kinds.stream()
                        .filter(kind -> kind.arena() != Kind.Arena.TINY_HEAP || heap.equals(heaps.getFirst()))
                        .map(kind -> Arguments.of(kind, heap(kind.arena(), heap))));
    }

    /// Of the connections that exhaust the usual settings, and of the rows of a large transaction.
    double share() {
        return isLong ? 1 : 0.25;
    }

    Duration warmUp() {
        return longTime.dividedBy(3);
    }

    /// Whether latencies are compared with those beside a burner. On a busy machine they are not reliable, and the
    /// comparison takes most of the time.
    boolean compares() {
        return isLong && !"off".equals(System.getProperty("walcast.attack.compare"));
    }

    /// Whether to check what this attack and those since the last check have left behind. The short form checks after
    /// several attacks together, because a check takes as long as an attack.
    boolean looksAtWhatIsLeft(Kind kind) {
        int next = kinds.indexOf(kind) + 1;
        return isLong
                || next % ATTACKS_OF_A_LOOK == 0
                || next == kinds.size()
                || kinds.get(next).arena() != kind.arena();
    }

    /// How long the effects of an attack may last: a little longer than IDLE_TIMEOUT, after which a lost client is
    /// detected at the latest.
    Duration recovery() {
        return Duration.ofSeconds(isLong ? 75 : 25);
    }

    /// How long nothing may arrive before a missing row counts as lost. Rows after a large transaction arrive after
    /// it.
    Duration patience(Kind kind) {
        return Duration.ofSeconds(kind == Kind.LARGE_TRANSACTION ? 240 : 60);
    }

    /// In short there is no warm-up: classes are loaded, and code is compiled, at their first use.
    long heapSlack() {
        return isLong ? 0 : 8_000_000;
    }

    private static String heap(Kind.Arena arena, String heap) {
        return arena == Kind.Arena.TINY_HEAP ? TINY_HEAP : heap;
    }
}
