package dev.walcast.server.acks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.rls.Viewer;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.FeedPosition;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.BindingRequest;
import dev.walcast.server.request.ResumeFrom;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AcknowledgementsTest {
    private static final Viewer ALICE = new Viewer("authenticated", "{\"sub\":\"alice\"}");

    private final Cursors cursors = new Cursors(AckLimits.defaults(), InstantSource.system());

    private static ObjectNode request() {
        return JsonNodeFactory.instance.objectNode().put("table", "rows").put("ack", true);
    }

    private static String position(int n) {
        return "%012x-%016x-%08x".formatted(1, n, 0);
    }

    private Acknowledgements join(ObjectNode request) {
        Acknowledgements acknowledgements = Acknowledgements.of(
                        cursors, Topic.named("r"), "10.0.0.1", List.of(new Binding(1, BindingRequest.read(request))))
                .orElseThrow();
        acknowledgements.follow(ALICE);
        return acknowledgements;
    }

    private static void send(Acknowledgements acknowledgements, int n) {
        acknowledgements.sending(new EncodedChange("INSERT", Optional.of(position(n)), new byte[0]));
    }

    private static Optional<Refusal> acknowledge(Acknowledgements acknowledgements, int n) {
        String push = "{\"event\":\"ack\",\"payload\":{\"position\":\"" + position(n) + "\"}}";
        return acknowledgements.acknowledge(Slice.of(push.getBytes(StandardCharsets.UTF_8)));
    }

    private static void goLive(Acknowledgements acknowledgements, int n) {
        String position = position(n);
        List<String> _ = acknowledgements.live(
                Optional.of(new FeedPlace(position.substring(0, position.indexOf('-')), position, List.of())));
    }

    /// Where the next join of the same binding would begin.
    private String next(ObjectNode request) {
        List<Binding> placed = join(request).placed(List.of(new Binding(1, BindingRequest.read(request))));
        return placed.getFirst().request().resume() instanceof ResumeFrom.After(FeedPosition position)
                ? position.toString()
                : "";
    }

    /// Rows may be sent again until then: a client that is cut during them has no rows and no position.
    @Test
    void nothingIsStoredBeforeSnapshotIsComplete() {
        ObjectNode rows = request().put("snapshot", true);
        Acknowledgements first = join(rows);
        send(first, 5);
        assertThat(acknowledge(first, 5)).isEmpty();
        assertThat(next(rows)).isEmpty();
    }

    @Test
    void acknowledgementIsStoredAfterSnapshot() {
        ObjectNode rows = request().put("snapshot", true);
        goLive(join(rows), 1);
        Acknowledgements again = join(rows);
        send(again, 5);
        send(again, 6);
        assertThat(acknowledge(again, 5)).isEmpty();
        assertThat(acknowledge(again, 4)).isEmpty();
        goLive(again, 7);
        assertThat(next(rows)).isEqualTo(position(5));
    }

    @Test
    void replayIsAcknowledgedAsItComes() {
        goLive(join(request()), 1);
        Acknowledgements again = join(request());
        send(again, 5);
        assertThat(acknowledge(again, 5)).isEmpty();
        assertThat(next(request())).isEqualTo(position(5));
    }

    @Test
    void largeAcknowledgementIsNotParsed() {
        goLive(join(request()), 1);
        Acknowledgements again = join(request());
        send(again, 5);
        String push = "{\"event\":\"ack\",\"payload\":{\"position\":\"" + position(5) + "\"},\"x\":["
                + "{},".repeat(2_000) + "{}]}";
        assertThat(again.acknowledge(Slice.of(push.getBytes(StandardCharsets.UTF_8))))
                .isPresent();
    }
}
