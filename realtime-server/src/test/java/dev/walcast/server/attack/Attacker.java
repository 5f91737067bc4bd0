package dev.walcast.server.attack;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// The process of an attacker. It attacks until it is ended, its parent has ended, or its time is over, and reports
/// regularly how much it has done.
public final class Attacker {
    private static final Duration SAYS_AFTER = Duration.ofMillis(200);
    private static final Duration LIFETIME_MAX = Duration.ofMinutes(5);

    private Attacker() {}

    /// @param arguments the kind, the port of the server, the secret of its tokens, the share of the usual number of
    ///                  connections
    public static void main(String[] arguments) {
        Thread.ofPlatform().daemon().start(Attacker::endWithParent);
        Target target = new Target(Integer.parseInt(arguments[1]), arguments[2], Double.parseDouble(arguments[3]));
        Attacks.of(Kind.valueOf(arguments[0])).begin(target);
        System.out.println("begun");
        long end = System.nanoTime() + LIFETIME_MAX.toNanos();
        while (System.nanoTime() < end) {
            LockSupport.parkNanos(SAYS_AFTER.toNanos());
            System.out.println(target);
        }
        Runtime.getRuntime().halt(1);
    }

    /// The parent never writes: the end of the input is the parent's.
    private static void endWithParent() {
        try {
            while (System.in.read() >= 0) {}
        } catch (IOException _) {
            // The same.
        }
        Runtime.getRuntime().halt(2);
    }
}
