package dev.walcast.bench;

import dev.walcast.cdc.Change;
import dev.walcast.filters.index.SubscriptionIndex;
import java.util.List;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/// A change against 100,000 `eq` subscriptions, one of which it meets.
@State(Scope.Benchmark)
public class MatchBenchmark {
    private static final int SUBSCRIPTIONS = 100_000;

    private final SubscriptionIndex<Integer> index;
    private final List<Change> changes = IntStream.range(0, 1_000)
            .mapToObj(i -> SampleTable.insert(i, Long.toString(i * 7919L % SUBSCRIPTIONS)))
            .toList();
    private int next;

    public MatchBenchmark() {
        try {
            index = Filters.index("room_id=eq.%d", SUBSCRIPTIONS);
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Benchmark
    public void match(Blackhole found) {
        next = (next + 1) % changes.size();
        index.forEachMatch(changes.get(next), (entry, _) -> found.consume(entry));
    }
}
