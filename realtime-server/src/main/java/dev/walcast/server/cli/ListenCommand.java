package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.protocol.Topic;
import java.io.PrintWriter;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "listen",
        mixinStandardHelpOptions = true,
        description = "Print the changes of a table as they are committed, one JSON object a line, until Ctrl-C.",
        footer = {"", "Example: ./walcast listen --table public.messages --filter room_id=eq.general"})
final class ListenCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration HEARTBEAT_EVERY = Duration.ofSeconds(20);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--table",
            required = true,
            paramLabel = "SCHEMA.TABLE",
            description = "The table; * for all tables.")
    private String table = "";

    @Option(names = "--filter", description = "Which rows: COLUMN=eq.VALUE")
    private @Nullable String filter;

    @Option(names = "--event", defaultValue = "*", description = "INSERT, UPDATE, DELETE or *.")
    private String event = "*";

    @Option(names = "--url", description = "The server's URL. Default: that of `walcast dev`.")
    private @Nullable String url;

    @Option(
            names = "--token",
            description = "An access token. Default: the service key of `walcast dev`, which sees everything.")
    private @Nullable String token;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = ".walcast",
            description = "The data folder of `walcast dev`.")
    private Path data = Path.of(".walcast");

    @Override
    public Integer call() throws InterruptedException {
        CommandSpec command = requireNonNull(spec);
        String server = url != null ? url : DevEnvironmentFile.value(data, "WALCAST_URL");
        String key = token != null ? token : DevEnvironmentFile.value(data, "SERVICE_KEY");
        if (server == null || key == null) {
            throw new ParameterException(
                    command.commandLine(), "Give --url and --token, or start ./walcast dev first.");
        }
        Printer printer = new Printer(
                command.commandLine().getOut(), command.commandLine().getErr());
        URI uri = URI.create(server.replaceFirst("^http", "ws") + "/realtime/v1/websocket?vsn=2.0.0&apikey="
                + URLEncoder.encode(key, StandardCharsets.UTF_8));
        try (HttpClient client = HttpClient.newHttpClient()) {
            WebSocket socket =
                    client.newWebSocketBuilder().buildAsync(uri, printer).join();
            socket.sendText(joinFrame(), true).join();
            int exitCode = beatUntilEnd(socket, printer);
            // closing the client waits for its sockets
            socket.abort();
            return exitCode;
        } catch (CompletionException e) {
            command.commandLine().getErr().println("Cannot connect to " + server + ": " + reason(e.getCause()));
            return 1;
        }
    }

    private static String reason(@Nullable Throwable cause) {
        if (cause instanceof WebSocketHandshakeException refused) {
            return "refused with HTTP " + refused.getResponse().statusCode() + "; is the token valid?";
        }
        return "there is no answer; is the server running?";
    }

    private String joinFrame() {
        ObjectNode binding = JSON.createObjectNode().put("event", event);
        int dot = table.indexOf('.');
        binding.put("schema", dot < 0 ? "public" : table.substring(0, dot));
        binding.put("table", table.substring(dot + 1));
        if (filter != null) {
            binding.put("filter", filter);
        }
        ObjectNode payload = JSON.createObjectNode();
        payload.putObject("config").putArray("postgres_changes").add(binding);
        return JSON.createArrayNode()
                .add("1")
                .add("1")
                .add(Topic.named("walcast-listen").text())
                .add("phx_join")
                .add(payload)
                .toString();
    }

    private static int beatUntilEnd(WebSocket socket, Printer printer) throws InterruptedException {
        while (true) {
            try {
                return printer.ended.get(HEARTBEAT_EVERY.toSeconds(), TimeUnit.SECONDS);
            } catch (TimeoutException _) {
                socket.sendText("[null,\"0\",\"phoenix\",\"heartbeat\",{}]", true)
                        .join();
            } catch (java.util.concurrent.ExecutionException e) {
                return 1;
            }
        }
    }

    /// Prints changes to standard output, and messages about the connection to standard error.
    private static final class Printer implements WebSocket.Listener {
        private final PrintWriter out;
        private final PrintWriter err;
        private final StringBuilder message = new StringBuilder();
        /// Completes with the exit code.
        private final CompletableFuture<Integer> ended = new CompletableFuture<>();

        Printer(PrintWriter out, PrintWriter err) {
            this.out = out;
            this.err = err;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
            message.append(part);
            if (last) {
                print(message.toString());
                message.setLength(0);
            }
            socket.request(1);
            return null;
        }

        private void print(String text) {
            try {
                JsonNode frame = JSON.readTree(text);
                JsonNode payload = frame.path(4);
                switch (frame.path(3).asText()) {
                    case "postgres_changes" -> out.println(payload.path("data"));
                    case "system" -> system(payload);
                    case "phx_reply" -> refused(payload);
                    default -> {
                        // other messages do not concern this command
                    }
                }
                out.flush();
            } catch (JsonProcessingException e) {
                err.println("Unknown message: " + text);
            }
        }

        private void system(JsonNode payload) {
            err.println(payload.path("message").asText());
            payload.path("warnings").forEach(warning -> err.println("Warning: " + warning.asText()));
            err.flush();
            if (payload.path("status").asText().equals("error")) {
                ended.complete(1);
            }
        }

        private void refused(JsonNode payload) {
            if (payload.path("status").asText().equals("error")) {
                err.println(payload.path("response").path("reason").asText());
                err.flush();
                ended.complete(1);
            }
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            err.println("The server closed the connection (" + code + (reason.isEmpty() ? "" : ": " + reason) + ").");
            ended.complete(1);
            return null;
        }

        @Override
        public void onError(WebSocket socket, Throwable error) {
            err.println("The connection is lost.");
            ended.complete(1);
        }
    }
}
