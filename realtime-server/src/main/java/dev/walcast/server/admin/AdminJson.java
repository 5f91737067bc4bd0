package dev.walcast.server.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.supervisor.TaskStatus;
import dev.walcast.server.health.Health;
import dev.walcast.server.session.SocketView;
import java.util.List;
import java.util.Locale;

/// The answers of the admin port as JSON. Names are stable: scripts read them.
final class AdminJson {
    private static final double MILLIS_PER_SECOND = 1_000;

    private AdminJson() {}

    static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    static ObjectNode health(Health.Report report, List<TaskStatus> tasks) {
        ObjectNode json = object().put("status", report.readiness().code());
        report.codes().forEach(json.putArray("reasons")::add);
        ArrayNode threads = json.putArray("tasks");
        tasks.forEach(task -> threads.add(object().put("name", task.name())
                .put("state", task.state().name().toLowerCase(Locale.ROOT))
                .put("restarts", task.restarts())
                .put("last_failure", task.lastFailure())
                .put("healthy", task.isHealthy())));
        return json;
    }

    static ObjectNode feed(StatusReport report) {
        ObjectNode json = object().put("epoch", report.feed().epoch())
                .put("lag_seconds", report.lag().toMillis() / MILLIS_PER_SECOND);
        json.putObject("reader").put("kind", report.reader()).put("state", report.readerState());
        json.putObject("slot")
                .put("name", report.slotName())
                .put("wal_status", report.slot().walStatus())
                .put("retained_bytes", report.slot().retainedBytes());
        json.putObject("positions")
                .put("acknowledged", report.feed().acknowledged().toString())
                .put("delivered", report.feed().delivered().toString())
                .put("wal_end", report.feed().walEnd().toString());
        json.putObject("window")
                .put("transactions", report.feed().transactions())
                .put("bytes", report.feed().bytes())
                .put("retained_bytes", report.feed().retainedBytes());
        return json;
    }

    static ObjectNode socket(SocketView socket) {
        ObjectNode json = object().put("id", socket.id())
                .put("role", socket.role())
                .put("sub", socket.subject())
                .put("address", socket.address())
                .put("version", socket.version())
                .put("since", socket.since().toString())
                .put("queued_bytes", socket.queuedBytes())
                .put("held_bytes", socket.heldBytes());
        socket.topics().forEach(json.putArray("topics")::add);
        return json;
    }

    static ArrayNode sockets(List<SocketView> sockets) {
        ArrayNode json = JsonNodeFactory.instance.arrayNode();
        sockets.forEach(socket -> json.add(socket(socket)));
        return json;
    }
}
