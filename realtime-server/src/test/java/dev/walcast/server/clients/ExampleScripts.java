package dev.walcast.server.clients;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.testing.NodeScript;

/// The scripts around the documents' blocks, and the results that they expect.
final class ExampleScripts {
    private static final String OFFLINE = "{\"cmd\":\"offline\"}";
    private static final String ONLINE = "{\"cmd\":\"online\"}";
    private static final String LOGGED_IN =
            "import { createClient } from '@supabase/supabase-js'\nconst ANON_KEY = key\n";
    private static final String ROWS =
            "commands.rows = () => say({ event: 'rows', rows: [...rows.values()].sort((a, b) => a.id - b.id) })\n";
    private static final String GENERAL = "select * from messages where room_id = 'general'";

    private ExampleScripts() {}

    static void readme(ExampleStage stage, DocumentedBlock block) throws Exception {
        try (NodeScript reader = stage.run(block, "const ANON_KEY = key\n", "")) {
            reader.await("log", line -> line.at("/args/0").asText().equals("Subscribed to PostgreSQL"));
            stage.sql(
                    "insert into messages values (1, 'random', 'no'), (2, 'general', 'yes')",
                    "update messages set body = 'well'",
                    "delete from messages");
            assertPrinted(reader, "['INSERT', {'id':2,'room_id':'general','body':'yes'}, {}]");
            assertPrinted(
                    reader,
                    "['UPDATE', {'id':2,'room_id':'general','body':'well'}, {'id':2,'room_id':'general','body':'yes'}]");
            assertPrinted(reader, "['DELETE', {}, {'id':2,'room_id':'general','body':'well'}]");
        }
    }

    private static void assertPrinted(NodeScript reader, String args) throws Exception {
        JsonNode printed = reader.await("log", _ -> true).get("args");
        assertThat(printed).isEqualTo(ExampleStage.json(args));
    }

    /// The second client is another process: it receives what the first did not complete.
    static void acknowledgedWork(ExampleStage stage, DocumentedBlock block) throws Exception {
        String before = LOGGED_IN + stage.text(Example.TRANSPORT) + """
            const work = ({ new: { id } }) => {
              say({ event: 'work', id })
              return new Promise(resolve => { commands.finish = resolve })
            }
            """;
        String after =
                "overhear(channel)\ncommands.answer = async () => say({ event: 'answer', answer: await before })\n";
        try (NodeScript first = stage.run(block, before, after)) {
            first.awaitLive();
            stage.commit("insert into jobs values (1, 'clerk')", "insert into jobs values (2, 'clerk')");
            assertThat(idOf(first, "work")).isEqualTo(1);
            first.command("{\"cmd\":\"finish\"}");
            assertThat(idOf(first, "work")).isEqualTo(2);
        }
        try (NodeScript second = stage.run(block, before, after)) {
            assertThat(idOf(second, "work")).isEqualTo(2);
            second.command("{\"cmd\":\"finish\"}");
            second.command("{\"cmd\":\"answer\"}");
            assertThat(second.await("answer", _ -> true).get("answer").asText()).isEqualTo("ok");
        }
    }

    static void transport(ExampleStage stage, DocumentedBlock block) throws Exception {
        String after = """
            const channel = walcast.channel('positions')
            const binding = { event: 'INSERT', schema: 'public', table: 'jobs', ack: true }
            channel.on('postgres_changes', binding, change => say({ event: 'change', id: change.new.id, position }))
            overhear(channel).subscribe()
            commands.ack = async () => {
              const payload = { position }
              say({ event: 'answer', answer: await channel.send({ type: 'postgres_changes', event: 'ack', payload }) })
            }
            commands.position = () => say({ event: 'position', position })
            """;
        try (NodeScript reader = stage.run(block, LOGGED_IN, after)) {
            String live =
                    reader.await("system", _ -> true).at("/message/position").asText();
            reader.command("{\"cmd\":\"position\"}");
            assertThat(reader.await("position", _ -> true).get("position").asText())
                    .isEqualTo(live);
            stage.sql("insert into jobs values (1, 'clerk')", "insert into jobs values (2, null)");
            String one = reader.await("change", _ -> true).get("position").asText();
            String two = reader.await("change", _ -> true).get("position").asText();
            assertThat(one).isGreaterThan(live).hasSameSizeAs(live).isLessThan(two);
            reader.command("{\"cmd\":\"ack\"}");
            assertThat(reader.await("answer", _ -> true).get("answer").asText()).isEqualTo("ok");
        }
    }

    static void membership(ExampleStage stage, DocumentedBlock block) throws Exception {
        String before = "const channel = client().channel('tasks')\nconst rows = new Map()\n";
        String query = "select * from tasks where not done";
        try (NodeScript reader = stage.run(block, before, "overhear(channel).subscribe()\n" + ROWS)) {
            reader.awaitLive();
            for (String statement : new String[] {
                "insert into tasks values (1, 'sweep', false), (2, 'mop', true), (3, 'dust', false)",
                "update tasks set done = true where id = 1",
                "update tasks set done = false where id = 2",
                "update tasks set id = 5, title = 'wipe' where id = 3",
                "delete from tasks where id = 2"
            }) {
                stage.sql(statement);
                stage.awaitRows(reader, query);
            }
        }
    }

    static void storedMessages(ExampleStage stage, DocumentedBlock block) throws Exception {
        stage.sql(
                "select realtime.send('{\"text\": \"one\"}', 'greeting', 'room:1')",
                "select realtime.send('{\"text\": \"two\"}', 'greeting', 'room:1')");
        try (NodeScript reader = stage.run(block, LOGGED_IN, "")) {
            assertHeard(reader, "one", "stored");
            assertHeard(reader, "two", "stored");
            stage.sql("select realtime.send('{\"text\": \"three\"}', 'greeting', 'room:1')");
            assertHeard(reader, "three", "new");
        }
    }

    private static void assertHeard(NodeScript reader, String text, String age) throws Exception {
        JsonNode printed = reader.await("log", _ -> true).get("args");
        assertThat(printed.get(0).asText()).isEqualTo("greeting");
        assertThat(printed.at("/1/text").asText()).isEqualTo(text);
        assertThat(printed.get(2).asText()).isEqualTo(age);
    }

    static void migration(ExampleStage stage, DocumentedBlock block) throws Exception {
        String before = "const ANON_KEY = key\nconst supabase = client()\n";
        try (NodeScript reader = stage.run(block, before, "")) {
            reader.await("log", line -> line.at("/args/0").asText().equals("Subscribed to PostgreSQL"));
            stage.sql("insert into messages values (1, 'general', 'both')");
            assertPrinted(reader, "[{'id':1,'room_id':'general','body':'both'}]");
        }
    }

    static void resume(ExampleStage stage, DocumentedBlock block) throws Exception {
        String before = """
            const walcast = client()
            const apply = change => say({ event: 'applied', id: change.new.id })
            const refetch = () => say({ event: 'refetched' })
            """;
        try (NodeScript reader = stage.run(block, before, "overhear(walcast.getChannels()[0])\n")) {
            reader.awaitLive();
            missed(stage, reader, "insert into messages values (1, 'general')");
            assertThat(idOf(reader, "applied")).as("before any change came").isEqualTo(1);
            reader.awaitLive();
            // A time of the server's first second proves nothing.
            stage.sql("select pg_sleep(1.1)", "insert into messages values (2, 'general')");
            assertThat(idOf(reader, "applied")).isEqualTo(2);
            missed(stage, reader, "insert into messages values (3, 'random'), (4, 'general')");
            reader.await("applied", line -> line.get("id").asInt() == 4);
            reader.awaitLive();
            missed(
                    stage,
                    reader,
                    "alter table messages alter body type varchar(80)",
                    "insert into messages values (5, 'general')");
            reader.await("refetched", _ -> true);
            reader.awaitLive();
            missed(stage, reader, "insert into messages values (6, 'general')");
            assertThat(idOf(reader, "applied")).as("after a reset").isEqualTo(6);
            assertThat(reader.transcript()).containsOnlyOnce("{\"event\":\"refetched\"}");
        }
    }

    /// Changes that are on the server before the client is back.
    private static void missed(ExampleStage stage, NodeScript reader, String... statements) throws Exception {
        reader.command(OFFLINE);
        reader.await("offline", _ -> true);
        stage.commit(statements);
        reader.command(ONLINE);
    }

    static void snapshot(ExampleStage stage, DocumentedBlock block) throws Exception {
        stage.sql("insert into messages values (1, 'general', 'a'), (2, 'general', 'b'), (3, 'random', 'c')");
        String after = "overhear(walcast.getChannels()[0])\n" + ROWS;
        try (NodeScript reader = stage.run(block, "const walcast = client()\n", after)) {
            awaitSnapshot(reader);
            stage.awaitRows(reader, GENERAL);
            stage.sql(
                    "insert into messages values (4, 'general', 'd'), (5, 'random', 'e')",
                    "update messages set body = 'f'",
                    "delete from messages where id in (2, 3)");
            stage.awaitRows(reader, GENERAL);
            missed(stage, reader, "delete from messages where id = 1", "update messages set body = 'g'");
            awaitSnapshot(reader);
            stage.awaitRows(reader, GENERAL);
        }
    }

    private static void awaitSnapshot(NodeScript reader) throws Exception {
        JsonNode live = reader.await("system", line -> !line.get("message").has("snapshot"));
        assertThat(live.at("/message/resume/0/status").asText()).isEqualTo("snapshot");
    }

    static void eventSource(ExampleStage stage, DocumentedBlock block) throws Exception {
        String after = """
            changes.addEventListener('system', ({ data }) => say({ event: 'system', message: JSON.parse(data) }))
            changes.addEventListener('error', () => say({ event: 'offline' }))
            """;
        String before = "const readAllRowsAgain = () => say({ event: 'reading' })\n";
        try (NodeScript reader = stage.runInBrowser(block, before, after)) {
            reader.awaitLive();
            stage.sql("insert into messages values (1, 'general', 'a')", "delete from messages");
            assertPrinted(reader, "['INSERT', {'id':1,'room_id':'general','body':'a'}]");
            assertPrinted(reader, "['DELETE', {'id':1,'room_id':'general','body':'a'}]");
            missed(stage, reader, "insert into messages values (2, 'general', 'b')");
            assertPrinted(reader, "['INSERT', {'id':2,'room_id':'general','body':'b'}]");
            reader.awaitLive();
            missed(stage, reader, "alter table messages add mood text", "insert into messages values (3, 'general')");
            reader.await("reading", _ -> true);
            reader.awaitLive();
            stage.sql("revoke select on messages from reader");
            assertThat(reader.await("warn", _ -> true).at("/args/0").asText()).contains("TableNotAvailable");
        }
    }

    private static int idOf(NodeScript reader, String event) throws Exception {
        return reader.await(event, _ -> true).get("id").asInt();
    }
}
