package dev.walcast.bench.load;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Takes one command a line, as JSON, and answers each with one line. Ends with its input.
public final class LoadClient {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final LoadLoop loop;
    private final Map<String, LoadGroup> groups = new HashMap<>();

    private LoadClient(LoadLoop loop) {
        this.loop = requireNonNull(loop, "loop is null");
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        LoadClient client = new LoadClient(LoadLoop.start());
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                out.println(client.answer(line));
            }
        }
        System.exit(0);
    }

    private String answer(String line) throws InterruptedException {
        try {
            return run(JSON.readTree(line)).toString();
        } catch (IOException | RuntimeException e) {
            return JSON.createObjectNode().put("error", String.valueOf(e)).toString();
        }
    }

    private ObjectNode run(JsonNode command) throws IOException, InterruptedException {
        return switch (command.path("do").asText()) {
            case "open" -> open(command);
            case "pump" -> pump(command);
            case "send" -> send(command);
            case "reset" -> reset(group(command, "group"));
            case "await" ->
                await(group(command, "group"), command.path("frames").asLong());
            case "stats" -> loop.call(() -> stats(group(command, "group")));
            case "reading" ->
                reading(group(command, "group"), command.path("on").asBoolean());
            case "close" -> close(group(command, "group"));
            default -> throw new IllegalArgumentException("unknown command: " + command);
        };
    }

    private LoadGroup group(JsonNode command, String name) {
        return requireNonNull(groups.get(command.path(name).asText()), () -> "no such group in " + command);
    }

    private ObjectNode open(JsonNode command) throws InterruptedException {
        String ready = command.path("ready").asText();
        LoadGroup group = new LoadGroup(
                command.path("port").asInt(),
                command.path("path").asText("/"),
                texts(command.path("hello")),
                ready.isEmpty() ? null : ready.getBytes(StandardCharsets.UTF_8),
                command.path("readyTimes").asInt(1),
                texts(command.path("values")),
                command.path("receiveBuffer").asInt());
        groups.put(command.path("group").asText(), group);
        int count = command.path("count").asInt(1);
        long began = System.nanoTime();
        loop.open(group, count, command.path("atOnce").asInt(64));
        await(() -> group.ready() == count, group, "are ready, of " + count);
        return JSON.createObjectNode().put("seconds", secondsSince(began));
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        array.forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private ObjectNode pump(JsonNode command) throws InterruptedException {
        LoadGroup receivers = group(command, "to");
        Message message = new Message(command.path("text").asText());
        int count = command.path("count").asInt();
        double perSecond = command.path("perSecond").asDouble();
        LoadGroup senders = group(command, "from");
        long expected = (long) count * receivers.size();
        reset(receivers);
        long began = System.nanoTime();
        loop.pump(
                perSecond > 0
                        ? new PacedPump(senders, message, count, perSecond)
                        : new WindowPump(
                                senders,
                                receivers,
                                message,
                                count,
                                command.path("window").asInt(64)));
        await(() -> receivers.frames() >= expected, receivers, "frames came, of " + expected);
        double seconds = secondsSince(began);
        return loop.call(() -> stats(receivers)).put("seconds", seconds);
    }

    private ObjectNode send(JsonNode command) throws InterruptedException {
        LoadGroup group = group(command, "group");
        String text = command.path("text").asText();
        return loop.call(() -> {
            group.sockets().forEach(socket -> socket.send(text));
            return JSON.createObjectNode();
        });
    }

    private ObjectNode reset(LoadGroup group) throws InterruptedException {
        return loop.call(() -> {
            group.reset();
            return JSON.createObjectNode();
        });
    }

    /// Frames that carry a time, of all the group's sockets together.
    private ObjectNode await(LoadGroup group, long frames) throws InterruptedException {
        await(() -> group.frames() >= frames, group, "frames came, of " + frames);
        return loop.call(() -> stats(group));
    }

    private void await(java.util.function.BooleanSupplier condition, LoadGroup group, String what)
            throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            String failure = loop.failure();
            if (failure != null) {
                throw new IllegalStateException(failure);
            }
            if (System.nanoTime() > end) {
                throw new IllegalStateException(
                        group.ready() + " sockets, " + group.frames() + " frames; but not enough " + what);
            }
            Thread.sleep(1);
        }
    }

    private static ObjectNode stats(LoadGroup group) {
        return JSON.createObjectNode()
                .put("frames", group.frames())
                .put("bytes", group.bytes())
                .put("closed", group.closed())
                .put("p50", group.latency(50))
                .put("p99", group.latency(99))
                .put("max", group.latency(100))
                .put("span", group.spanSeconds());
    }

    private ObjectNode reading(LoadGroup group, boolean on) throws InterruptedException {
        return loop.call(() -> {
            group.sockets().forEach(socket -> socket.reading(on));
            return JSON.createObjectNode();
        });
    }

    private ObjectNode close(LoadGroup group) throws InterruptedException {
        return loop.call(() -> {
            List.copyOf(group.sockets()).forEach(LoadSocket::close);
            return JSON.createObjectNode();
        });
    }

    private static double secondsSince(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    /// A text to send, with the time in the place of `@`: sixteen digits after `t=`.
    record Message(String before, String after) {
        Message(String text) {
            this(text.substring(0, text.indexOf('@')), text.substring(text.indexOf('@') + 1));
        }

        String now() {
            return before + "t=" + Micros.now() + after;
        }
    }

    /// What a loop does between its looks at the sockets; returns when it wants to be called again, in
    /// milliseconds, null when it is done.
    interface Pump {
        @Nullable
        Long run();
    }
}
