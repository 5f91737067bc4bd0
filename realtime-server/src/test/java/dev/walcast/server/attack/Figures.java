package dev.walcast.server.attack;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Collects the numbers of one attack for a table: rows lost, ratios of p99, live heap before and after,
/// load of the machine.
final class Figures {
    private final Map<String, String> ratios = new TreeMap<>();
    private String deeds = "";
    private String heap = "";
    private long lost;
    private int exits;
    private double load;

    /// @param lostRows how many rows of the round never came
    void round(Battle.Round round, long lostRows) {
        lost += lostRows;
        exits += round.exits();
        deeds = round.said().split(" ", 2)[0];
        load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    }

    void left(Gauge before, @Nullable Gauge after) {
        heap = after == null
                ? "?"
                : String.format(
                        Locale.ROOT,
                        "%.1f → %.1f MB (%+.0f %%)",
                        before.heap() / 1e6,
                        after.heap() / 1e6,
                        100.0 * (after.heap() - before.heap()) / before.heap());
    }

    /// A later comparison replaces an earlier one.
    void ratio(String what, double attackedMillis, double burntMillis, double ratio) {
        ratios.put(what, String.format(Locale.ROOT, "%.0f / %.0f ms = %.2f", attackedMillis, burntMillis, ratio));
    }

    String row(Kind kind, String heapMax, List<String> problems) {
        return "| " + kind + " | " + heapMax + " | " + deeds + " | " + lost + " | " + exits + " | "
                + ratios.getOrDefault("rows", "") + " | " + ratios.getOrDefault("echoes", "") + " | " + heap + " | "
                + Math.round(load) + " | "
                + (problems.isEmpty() ? "harmless" : String.join("; ", problems)) + " |\n";
    }
}
