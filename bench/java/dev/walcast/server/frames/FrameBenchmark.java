package dev.walcast.server.frames;

import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The envelope of one receiver around a change's shared JSON of 400 bytes, and its frame into the buffer for the
/// socket.
@State(Scope.Benchmark)
public class FrameBenchmark {
    private final Serializer serializer = Serializer.forVersion("2.0.0").orElseThrow();
    private final byte[] data =
            ("{\"record\":{\"body\":\"" + "x".repeat(400) + "\"}}").getBytes(StandardCharsets.UTF_8);
    private final int[] ids = {12_345_678};
    private int written;
    private final FrameWriter writer = new FrameWriter();

    @Benchmark
    public int frame() {
        Address everybody = Address.allOn(Topic.named("general"));
        Outgoing frame = new Outgoing.Data(serializer.encode(everybody, "postgres_changes", Payload.change(ids, data)));
        writer.write(List.of(frame), (_, length) -> written += length);
        return written;
    }
}
