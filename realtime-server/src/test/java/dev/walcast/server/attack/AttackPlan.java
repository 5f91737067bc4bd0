package dev.walcast.server.attack;

import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// How long and how strictly attacks are played: in short with each build, in full with `-Dwalcast.attack=long`.
record AttackPlan(boolean isLong, List<String> heaps, List<Kind> kinds, Duration longTime) {
    private static final String TINY_HEAP = "64m";

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

    /// For how long it is waited until an attack has done what makes it one.
    Duration timeMax(Duration time) {
        return isLong ? time : time.multipliedBy(4);
    }

    /// In short there are fewer connections to take, and attackers take fewer; and a client that is gone is missed
    /// sooner.
    Map<String, String> settings() {
        return isLong
                ? Map.of()
                : Map.of(
                        "MAX_CONNECTIONS", "1500",
                        "MAX_CONNECTIONS_PER_ADDRESS", "500",
                        "MAX_USERS", "1000",
                        "IDLE_TIMEOUT", "10s");
    }

    /// Of the connections that exhaust the usual settings, and of the rows of a large transaction.
    double share() {
        return isLong ? 1 : 0.25;
    }

    Duration warmUp() {
        return longTime.dividedBy(4);
    }

    /// How long what an attack has left behind may take to go: a little longer than IDLE_TIMEOUT, after which a client
    /// that is gone is missed at the latest.
    Duration recovery() {
        return Duration.ofSeconds(isLong ? 75 : 25);
    }

    /// How long nothing may come before what has not come is lost. The rows behind a large transaction come after it.
    Duration patience(Kind kind) {
        return Duration.ofSeconds(kind == Kind.LARGE_TRANSACTION ? 240 : 60);
    }

    /// In short there is no warm-up: classes are loaded, and code is compiled, at their first use.
    long heapSlack() {
        return isLong ? 0 : 8_000_000;
    }

    String heap(Kind.Arena arena, String heap) {
        return arena == Kind.Arena.TINY_HEAP ? TINY_HEAP : heap;
    }
}
