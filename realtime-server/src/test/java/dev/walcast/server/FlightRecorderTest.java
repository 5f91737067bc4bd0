package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.testing.FlightRecord;
import dev.walcast.server.testing.RawSocket;
import dev.walcast.server.testing.TestServer;
import java.util.List;
import jdk.jfr.consumer.RecordedEvent;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The JFR events of a change, when they are enabled.
class FlightRecorderTest {
    private static final String BINDING = """
            {"event":"*","schema":"public","table":"asked"%s}""";

    private static TestPostgres postgres;
    private static TestServer server;

    @BeforeAll
    static void startServer() throws Exception {
        postgres = TestPostgres.start();
        postgres.execute(
                "create role anon nologin",
                "grant usage on schema public to anon",
                "create table allowed (yes boolean); insert into allowed values (true); grant select on allowed to anon",
                "create table asked (id int primary key); alter table asked enable row level security",
                "create policy asked on asked using (exists (select 1 from allowed where yes))",
                "grant select on asked to anon",
                "create publication supabase_realtime for table asked");
        server = TestServer.start(TestServer.settings(postgres.url(), "flight_recorder", TestServer.REPLAY));
    }

    @AfterAll
    static void stopServer() throws Exception {
        server.close();
        postgres.close();
    }

    @Test
    void changeIsRecordedOnItsWay() throws Exception {
        try (FlightRecord record =
                FlightRecord.of("walcast.Transaction", "walcast.FanOut", "walcast.Questions", "walcast.Replay")) {
            String position;
            try (RawSocket live = server.open("anon")) {
                position = systemNote(live, "").get("position").asText();
                postgres.execute("insert into asked values (1), (2)");
                assertThat(change(live)).isEqualTo(1);
                assertThat(change(live)).isEqualTo(2);
            }
            try (RawSocket back = server.open("anon")) {
                systemNote(back, ",\"resume\":\"" + position + "\"");
            }

            List<RecordedEvent> events = record.events();
            assertThat(events).anySatisfy(event -> {
                assertThat(event.getEventType().getName()).isEqualTo("walcast.Transaction");
                assertThat(event.getLong("changes")).isEqualTo(2);
                assertThat(event.getLong("lsn")).isPositive();
                assertThat(event.getBoolean("inMemory")).isTrue();
            });
            assertThat(events).anySatisfy(event -> {
                assertThat(event.getEventType().getName()).isEqualTo("walcast.FanOut");
                assertThat(event.getString("table")).isEqualTo("public.asked");
                assertThat(event.getInt("candidates")).isEqualTo(1);
                assertThat(event.getInt("asked")).isEqualTo(1);
            });
            assertThat(events).anySatisfy(event -> {
                assertThat(event.getEventType().getName()).isEqualTo("walcast.Questions");
                assertThat(event.getInt("changes")).isPositive();
                assertThat(event.getInt("questions")).isPositive();
                assertThat(event.getDuration()).isPositive();
            });
            assertThat(events).anySatisfy(event -> {
                assertThat(event.getEventType().getName()).isEqualTo("walcast.Replay");
                assertThat(event.getInt("bindings")).isEqualTo(1);
                assertThat(event.getLong("changes")).isEqualTo(2);
            });
        }
    }

    @Test
    void nothingIsRecordedByDefault() throws Exception {
        try (FlightRecord record = FlightRecord.of();
                RawSocket live = server.open("anon")) {
            systemNote(live, "");
            postgres.execute("insert into asked values (11)");
            assertThat(change(live)).isEqualTo(11);

            assertThat(record.events()).isEmpty();
        }
    }

    /// The message that says the subscription is live. Replayed changes come before it.
    private static JsonNode systemNote(RawSocket socket, String more) throws Exception {
        socket.join("realtime:r", "{\"postgres_changes\":[" + BINDING.formatted(more) + "]}");
        while (true) {
            JsonNode frame = socket.receiveJson();
            if (frame.get(3).asText().equals("system")) {
                return frame.get(4);
            }
        }
    }

    private static int change(RawSocket socket) throws Exception {
        return socket.receiveJson().at("/4/data/record/id").asInt();
    }
}
