package dev.walcast.server.attack;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// A process that only uses CPU, until its input ends. Attacks are compared with it.
public final class CpuBurner {
    private static final long SLICE_NANOS = 10_000_000;

    private CpuBurner() {}

    /// @param arguments how many processors to keep busy, such as `1.4`
    public static void main(String[] arguments) throws IOException {
        double processors = Double.parseDouble(arguments[0]);
        int threads = Math.max(1, (int) Math.ceil(processors));
        long busyNanos = (long) (SLICE_NANOS * processors / threads);
        for (int i = 0; i < threads; i++) {
            Thread.ofPlatform().daemon().start(() -> burn(busyNanos));
        }
        System.out.println("begun");
        while (System.in.read() >= 0) {}
        Runtime.getRuntime().halt(0);
    }

    private static void burn(long busyNanos) {
        AtomicLong number = new AtomicLong();
        while (true) {
            long begin = System.nanoTime();
            while (System.nanoTime() - begin < busyNanos) {
                number.incrementAndGet();
            }
            LockSupport.parkNanos(SLICE_NANOS - busyNanos);
        }
    }
}
