package dev.walcast.server.sse;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.RefusedException;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.StreamEvent;
import dev.walcast.server.protocol.SystemNote;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.Outgoing;
import dev.walcast.server.socket.SocketLimits;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.socket.Watched;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;

/// One open stream. The feed and rooms offer events from their own threads and never wait; the thread of the request
/// writes them, for as long as the client is there.
final class EventStream implements Watched {
    private static final Duration RETRY = Duration.ofSeconds(2);

    /// Longer than a server that stops keeps its port: `EventSource` never comes back from an answer other than 200.
    private static final Duration RETRY_AFTER_RESTART = Duration.ofSeconds(6);

    private static final int RETRY_SPREAD_MILLIS = 4_000;

    private final SocketLimits limits;
    private final SocketStats stats;
    private final Outbox outbox;
    private final Thread writer = Thread.currentThread();
    private final AtomicReference<Refusal> ending = new AtomicReference<>();

    /// 0 while no write is under way; read by the watch.
    private volatile long writingSinceNanos;

    /// Belongs to the thread that makes it.
    EventStream(SocketLimits limits, SocketStats stats) {
        this.limits = requireNonNull(limits, "limits is null");
        this.stats = requireNonNull(stats, "stats is null");
        this.outbox = new Outbox(limits.outboxBytesMax());
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

    /// Ends it after what is queued; the client reads why. The first reason stays the reason.
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
    /// It begins with the first event, so that whoever is refused before anything else gets a proper status; when
    /// there is nothing to say for long, it begins without.
    ///
    /// @throws RefusedException     when nothing was answered yet
    /// @throws InterruptedException when the client did not take what was written in time
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
        // so that the end of the answer has to be taken in time as well
        writingSinceNanos = Math.max(1, System.nanoTime());
    }

    /// All at once: the client gets them together.
    private void write(OutputStream out, List<Outgoing> batch) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1_024);
        for (Outgoing outgoing : batch) {
            switch (outgoing) {
                case Outgoing.Data(OutboundFrame event) -> append(bytes, event);
                case Outgoing.Control _ -> lastWords().forEach(event -> append(bytes, event));
            }
        }
        writingSinceNanos = Math.max(1, System.nanoTime());
        bytes.writeTo(out);
        out.flush();
        writingSinceNanos = 0;
        stats.countOut(batch.size());
        stats.countWrite(bytes.size());
    }

    private static void append(ByteArrayOutputStream bytes, OutboundFrame event) {
        bytes.writeBytes(event.prefix());
        bytes.writeBytes(event.body());
        bytes.writeBytes(event.suffix());
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

    /// Nobody said why when the queue was full.
    private Refusal goodbye() {
        Refusal why = ending.get();
        return why == null ? ErrorCode.STREAM_TOO_SLOW.refusal() : why;
    }

    /// Half of it is when sockets are pinged; many proxies cut what is silent for 30 seconds.
    private Duration keepAlive() {
        return limits.idleTimeout().dividedBy(4);
    }
}
