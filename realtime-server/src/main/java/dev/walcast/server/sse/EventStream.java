package dev.walcast.server.sse;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.frames.Outgoing;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryAccount;
import dev.walcast.server.memory.MemoryBudget;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.StreamEvent;
import dev.walcast.server.protocol.SystemNote;
import dev.walcast.server.session.RefusedException;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.Watched;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;

/// One open event stream. The feed and topics offer events from their own threads and never block. The request's
/// thread writes them as long as the client is connected.
final class EventStream implements Watched {
    private static final Duration RETRY = Duration.ofSeconds(2);

    /// Longer than a stopping server keeps its port: `EventSource` never reconnects after a status other than 200.
    private static final Duration RETRY_AFTER_RESTART = Duration.ofSeconds(6);

    private static final int RETRY_SPREAD_MILLIS = 4_000;

    private static final int COLLECTED_BYTES_MAX = 16 * 1024;

    /// The memory of a stream: its thread's stack, buffers and objects.
    private static final long SEAT_BYTES = 24 * 1024;

    private final SocketLimits limits;
    private final SocketStats stats;
    private final Outbox outbox;
    private final Thread writer = Thread.currentThread();
    private final AtomicReference<Refusal> ending = new AtomicReference<>();

    /// 0 while no write is under way. Read by the watch.
    private volatile long writingSinceNanos;

    /// Created by the thread that will write.
    EventStream(SocketLimits limits, SocketStats stats, MemoryBudget budget) {
        this.limits = requireNonNull(limits, "limits is null");
        this.stats = requireNonNull(stats, "stats is null");
        MemoryAccount memory = budget.prepare(this::freeMemory);
        this.outbox = new Outbox(limits.outboxBytesMax(), memory);
    }

    /// Called when this client holds most and the server runs short of memory.
    private void freeMemory() {
        outbox.abort(CloseReason.MEMORY);
    }

    /// Takes memory for the stream. Call it first, and [#close] at the end.
    ///
    /// @throws RefusedException when there is no memory for another stream
    void open() throws RefusedException {
        if (!outbox.memory().takeSeat(SEAT_BYTES)) {
            throw new RefusedException(ErrorCode.MEMORY_EXHAUSTED.refusal());
        }
    }

    /// Gives all memory back. The request's thread must not use the stream any more.
    void close() {
        outbox.end(CloseReason.DISCONNECTED);
        outbox.memory().close();
    }

    void offer(OutboundFrame event) {
        outbox.offer(event);
    }

    boolean hasRoom() {
        return outbox.hasRoom();
    }

    void awaitRoom() throws InterruptedException {
        outbox.awaitRoom();
    }

    /// Ends the stream after what is queued. The client reads the reason. The first reason stays the reason.
    void end(Refusal why) {
        ending.compareAndSet(null, why);
        outbox.close(why.code() == ErrorCode.RESTARTING ? CloseReason.DRAINING : CloseReason.CLIENT_CLOSED);
    }

    CloseReason reason() {
        return outbox.reason();
    }

    @Override
    public void check(long nowNanos) {
        long since = writingSinceNanos;
        if (since != 0 && nowNanos - since > limits.writeTimeout().toNanos()) {
            outbox.kill(CloseReason.WRITE_TIMEOUT);
            writer.interrupt();
        }
    }

    /// Answers the request and returns when the stream has ended.
    ///
    /// The response begins with the first event, so that a client that is refused before that gets a proper status.
    /// When no event comes for long, the response begins without one.
    ///
    /// @throws RefusedException     when the request was not answered yet
    /// @throws InterruptedException when the client did not accept a write in time
    void serve(ServerResponse response) throws RefusedException, InterruptedException {
        List<Outgoing> first = outbox.take(keepAlive());
        if (!first.isEmpty() && first.getFirst() instanceof Outgoing.Control) {
            throw new RefusedException(goodbye());
        }
        response.header(HeaderNames.CONTENT_TYPE, "text/event-stream; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header("X-Accel-Buffering", "no")
                .header(HeaderNames.CONNECTION, "close");
        try (OutputStream out = response.outputStream()) {
            write(out, List.of(new Outgoing.Data(StreamEvent.retry(RETRY))));
            writeAll(out, first);
        } catch (IOException | RuntimeException _) {
            outbox.kill(CloseReason.DISCONNECTED);
        } finally {
            writingSinceNanos = 0;
        }
    }

    private void writeAll(OutputStream out, List<Outgoing> first) throws IOException, InterruptedException {
        List<Outgoing> batch = first;
        while (!batch.isEmpty() || outbox.isOpen()) {
            write(out, batch.isEmpty() ? List.of(new Outgoing.Data(StreamEvent.comment())) : batch);
            if (batch.isEmpty() || !(batch.getLast() instanceof Outgoing.Control)) {
                batch = outbox.take(keepAlive());
            } else {
                batch = List.of();
            }
        }
        // so that the client must accept the end of the response in time as well
        writingSinceNanos = Math.max(1, System.nanoTime());
    }

    /// Collects small events into one write.
    private void write(OutputStream out, List<Outgoing> batch) throws IOException {
        writingSinceNanos = Math.max(1, System.nanoTime());
        OutputStream collected = new BufferedOutputStream(out, COLLECTED_BYTES_MAX);
        int written = 0;
        for (Outgoing outgoing : batch) {
            List<OutboundFrame> events = switch (outgoing) {
                case Outgoing.Data(OutboundFrame event) -> List.of(event);
                case Outgoing.Control _ -> lastWords();
            };
            for (OutboundFrame event : events) {
                collected.write(event.prefix());
                collected.write(event.body());
                collected.write(event.suffix());
                written += event.bytes();
            }
        }
        collected.flush();
        writingSinceNanos = 0;
        stats.countOut(batch.size());
        stats.countWrite(written);
    }

    private List<OutboundFrame> lastWords() {
        Refusal why = goodbye();
        if (why.code() != ErrorCode.RESTARTING) {
            return List.of(StreamEvent.error(why));
        }
        Duration after =
                RETRY_AFTER_RESTART.plusMillis(ThreadLocalRandom.current().nextInt(RETRY_SPREAD_MILLIS));
        return List.of(StreamEvent.retry(after), StreamEvent.system(SystemNote.disconnecting(), "", Optional.empty()));
    }

    /// The last event for the client. The queue has the reason when it ended by itself.
    private Refusal goodbye() {
        if (outbox.reason() == CloseReason.MEMORY) {
            return ErrorCode.MEMORY_EXHAUSTED.refusal();
        }
        Refusal why = ending.get();
        return outbox.reason() == CloseReason.SLOW_CONSUMER || why == null ? ErrorCode.STREAM_TOO_SLOW.refusal() : why;
    }

    /// A quarter of the idle timeout. Many proxies cut connections that are silent for 30 seconds.
    private Duration keepAlive() {
        return limits.idleTimeout().dividedBy(4);
    }
}
