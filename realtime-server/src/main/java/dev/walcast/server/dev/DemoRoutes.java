package dev.walcast.server.dev;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.webserver.http.Handler;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.function.Predicate;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// The demo page and its writes. Only `walcast dev` has it, on the loopback interface.
public final class DemoRoutes implements HttpService {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int BODY_BYTES_MAX = 16 * 1024;
    private static final Map<String, String> FILES = Map.of(
            "index.html", "text/html; charset=utf-8",
            "app.js", "text/javascript; charset=utf-8",
            "style.css", "text/css; charset=utf-8");

    private final DataSource database;
    private final String anonKey;

    public DemoRoutes(DataSource database, String anonKey) {
        this.database = requireNonNull(database, "database is null");
        this.anonKey = requireNonNull(anonKey, "anonKey is null");
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/", (_, response) -> file(response, "index.html"))
                .get("/{file}", this::file)
                .get("/demo/config", onlyIf(SameOrigin::isLocalName, this::config))
                .post("/demo/messages", onlyIf(SameOrigin::isOwn, this::insert))
                .patch("/demo/messages/{id}", onlyIf(SameOrigin::isOwn, this::update))
                .delete("/demo/messages/{id}", onlyIf(SameOrigin::isOwn, this::delete));
    }

    private static Handler onlyIf(Predicate<ServerRequest> isAllowed, Handler handler) {
        return (request, response) -> {
            if (isAllowed.test(request)) {
                handler.handle(request, response);
            } else {
                error(
                        response,
                        Status.FORBIDDEN_403,
                        "Only the demo page, opened as localhost or by an IP address, may do this.");
            }
        };
    }

    private void file(ServerRequest request, ServerResponse response) {
        String name = request.path().pathParameters().get("file");
        if (FILES.containsKey(name)) {
            file(response, name);
        } else {
            response.next();
        }
    }

    private static void file(ServerResponse response, String name) {
        byte[] content = resource("/web/" + name);
        if (content == null) {
            response.status(Status.NOT_FOUND_404).send();
            return;
        }
        response.header(HeaderNames.CONTENT_TYPE, requireNonNull(FILES.get(name)))
                .header(HeaderNames.CACHE_CONTROL, "no-cache")
                .header(
                        HeaderNames.create("Content-Security-Policy"),
                        "default-src 'self'; connect-src 'self' ws: http:; img-src 'self' data:; frame-ancestors 'none'")
                .send(content);
    }

    private static byte @Nullable [] resource(String path) {
        try (InputStream stream = DemoRoutes.class.getResourceAsStream(path)) {
            return stream == null ? null : stream.readAllBytes();
        } catch (IOException e) {
            return null;
        }
    }

    private void config(ServerRequest request, ServerResponse response) {
        ObjectNode config = JSON.createObjectNode();
        config.put("url", "http://" + request.authority());
        config.put("anonKey", anonKey);
        config.putNull("databaseUrl");
        json(response, Status.OK_200, config);
    }

    private void insert(ServerRequest request, ServerResponse response) {
        JsonNode body = body(request, response);
        if (body == null) {
            return;
        }
        run(response, connection -> {
            String sql = "insert into public.messages (room_id, author, body) values (?, ?, ?) returning id";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, body.path("room_id").asText("general"));
                statement.setString(2, body.path("author").asText("somebody"));
                statement.setString(3, body.path("body").asText(""));
                try (ResultSet row = statement.executeQuery()) {
                    row.next();
                    json(response, Status.CREATED_201, JSON.createObjectNode().put("id", row.getLong(1)));
                }
            }
        });
    }

    private void update(ServerRequest request, ServerResponse response) {
        JsonNode body = body(request, response);
        if (body == null) {
            return;
        }
        run(response, connection -> {
            String sql = "update public.messages set body = ? where id = ?";
            try (PreparedStatement statement = connection.prepareStatement(sql)) {
                statement.setString(1, body.path("body").asText(""));
                statement.setLong(2, id(request));
                done(response, statement.executeUpdate());
            }
        });
    }

    private void delete(ServerRequest request, ServerResponse response) {
        run(response, connection -> {
            try (PreparedStatement statement =
                    connection.prepareStatement("delete from public.messages where id = ?")) {
                statement.setLong(1, id(request));
                done(response, statement.executeUpdate());
            }
        });
    }

    private static long id(ServerRequest request) {
        return Long.parseLong(request.path().pathParameters().get("id"));
    }

    private static void done(ServerResponse response, int rows) {
        if (rows == 0) {
            error(response, Status.NOT_FOUND_404, "There is no message with this id.");
        } else {
            response.status(Status.NO_CONTENT_204).send();
        }
    }

    @FunctionalInterface
    private interface Work {
        void with(Connection connection) throws SQLException;
    }

    private void run(ServerResponse response, Work work) {
        try (Connection connection = database.getConnection()) {
            work.with(connection);
        } catch (NumberFormatException e) {
            error(response, Status.BAD_REQUEST_400, "The id is not a number.");
        } catch (SQLException e) {
            error(response, Status.SERVICE_UNAVAILABLE_503, "The database does not answer: " + e.getMessage());
        }
    }

    private static @Nullable JsonNode body(ServerRequest request, ServerResponse response) {
        try (InputStream stream = request.content().inputStream()) {
            byte[] bytes = stream.readNBytes(BODY_BYTES_MAX + 1);
            JsonNode body = bytes.length > BODY_BYTES_MAX ? null : JSON.readTree(bytes);
            if (body != null && body.isObject()) {
                return body;
            }
        } catch (JsonProcessingException e) {
            // answered below, like any other body that is no object
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        error(response, Status.BAD_REQUEST_400, "The body must be a JSON object of at most 16 KiB.");
        return null;
    }

    private static void error(ServerResponse response, Status status, String text) {
        json(response, status, JSON.createObjectNode().put("error", text));
    }

    private static void json(ServerResponse response, Status status, JsonNode body) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(body.toString());
    }
}
