package dev.walcast.server.attack;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// The CPU time of processes, in seconds.
final class CpuTime {
    private static final double TICKS_PER_SECOND = 100;

    /// Of `/proc/PID/stat`, counted from the state of the process, which follows its name.
    private static final int USER = 11;

    private CpuTime() {}

    /// Of a process and all that it has started and that has ended; of those that it started and that run.
    static double ofTree(long pid) {
        Stream<ProcessHandle> children =
                ProcessHandle.of(pid).map(ProcessHandle::descendants).orElse(Stream.empty());
        return of(pid, 4) + children.mapToDouble(child -> of(child.pid(), 2)).sum();
    }

    static double of(long pid) {
        return of(pid, 2);
    }

    private static double of(long pid, int fields) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            String[] words = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            long ticks = 0;
            for (int i = 0; i < fields; i++) {
                ticks += Long.parseLong(words[USER + i]);
            }
            return ticks / TICKS_PER_SECOND;
        } catch (IOException _) {
            return 0; // It has ended.
        }
    }
}
