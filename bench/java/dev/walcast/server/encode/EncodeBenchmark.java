package dev.walcast.server.encode;

import dev.walcast.bench.SampleTable;
import dev.walcast.cdc.Change;
import dev.walcast.rls.guard.Verdict.ReadableColumns;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.protocol.FeedPosition;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The JSON of an INSERT of five columns, made once for each projection.
@State(Scope.Benchmark)
public class EncodeBenchmark {
    private final ChangeEncoder encoder = new ChangeEncoder(1 << 20);
    private final Change change = SampleTable.insert(12_345, "general");
    private final FeedPosition position = new FeedPosition("0123456789abcdef", change.position());
    private final ReadableColumns columns = new ReadableColumns(List.of(0, 1, 2, 3, 4), List.of());

    @Benchmark
    public EncodedChange encode() {
        return encoder.encode(change, MembershipChange.KEPT, position, columns, columns);
    }
}
