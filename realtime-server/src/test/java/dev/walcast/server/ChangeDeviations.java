package dev.walcast.server;

import static dev.walcast.server.golden.Deviation.frame;
import static dev.walcast.server.golden.Deviation.instead;

import com.fasterxml.jackson.databind.node.TextNode;
import dev.walcast.server.golden.Deviation;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The intended differences of changes from the reference, frame by frame. Differences of single values are in
/// [ValueDeviation].
final class ChangeDeviations {
    /// Transcripts that begin with changes which were committed before the join. The reference, which polls, finds them
    /// after it.
    static final Set<String> BEGIN_BEFORE_THE_JOIN = Set.of(
            "pg_events.v2",
            "pg_filters.v2",
            "pg_select.v1",
            "pg_rls.v2",
            "pg_types_default.v1",
            "pg_types_default.v2",
            "pg_types_full.v2",
            "pg_large.v1",
            "pg_large.v2",
            "pg_schema_change.v2");

    private static final String NAMED = "a refusal names what is missing and the remedy";
    private static final String ONE_LINE = "long parameters are not broken into lines";
    private static final String NEVER_ARRIVES = "an unreadable table is refused at the join";
    private static final String POISON = "a filter that would fail at a change is refused at the join";
    private static final String NOT_BLINDED = "a failing filter affects no other subscription";
    private static final String STRICT = "a DELETE reaches clients that could see the row";
    private static final String KNOWN =
            "a DELETE reaches, by its key, clients that received the row and still may read it";
    private static final String AS_LOGGED = "policies judge the row in the log, even when it was deleted since";
    private static final String OLD_UNSEEN = "of a row that it could not see a client receives only the key";
    private static final String WHOLE_OLD = "a client that could see the deleted row receives all of it";
    private static final String EXACT = "NaN is a value, which filters find";
    private static final String KEYLESS = "a table without a primary key is supported";
    private static final String UNABLE = "Unable to subscribe to changes with given parameters. ";
    private static final String NOT_AVAILABLE =
            " TableNotAvailable: The table does not exist, is not in the publication, or this role may not read it; a join as service_role is told which.";
    private static final String CHECK = UNABLE + "Please check Realtime is enabled for the given connect parameters: ";
    private static final String EXCEPTION = UNABLE + "An exception happened so please check your connect parameters: ";

    /// Rows that an earlier run of the recorder had left, which a transcript deletes.
    private static final Map<String, String> LEFTOVERS = Map.of(
            "pg_events", "insert into todos (id) values (60), (61); insert into other.items values (1), (2)",
            "pg_filters", "insert into filt (id) values (3)",
            "pg_select", "insert into filt (id) values (3)",
            "pg_rls", "insert into rls_notes values (2), (3)",
            "pg_types_default", "insert into all_types (id) values (4), (2)",
            "pg_types_full", "insert into all_types_full (id) values (4), (2)",
            "pg_large", "insert into todos (id) values (1)");

    private ChangeDeviations() {}

    static Optional<String> leftovers(String transcript) {
        return Optional.ofNullable(LEFTOVERS.get(transcript.substring(0, transcript.indexOf('.'))));
    }

    static List<Deviation> all() {
        List<Deviation> all = new ArrayList<>();
        for (String version : List.of("v1", "v2")) {
            addRefusals(all, version);
            addPoison(all, version);
        }
        addNumbers(all);
        addPrivileges(all);
        addKeyless(all);
        addPolicies(all);
        return all;
    }

    private static void addRefusals(List<Deviation> all, String version) {
        String hundredOne =
                IntStream.rangeClosed(0, 100).mapToObj(Integer::toString).collect(Collectors.joining(","));
        String noselect =
                CHECK + "[event: *, schema: public, table: noselect, filters: [%s], select: nil]" + NOT_AVAILABLE;
        Map<String, String> named = Map.of(
                "fe19", CHECK + parameters("public", "nosuch") + NOT_AVAILABLE,
                "fe20",
                        CHECK + parameters("public", "notinpub")
                                + " TableNotPublished: The publication sends no changes of this table."
                                + " public.notinpub is not in the publication \"supabase_realtime\":"
                                + " ALTER PUBLICATION \"supabase_realtime\" ADD TABLE \"public\".\"notinpub\";",
                "fe21", CHECK + parameters("nosuch", "todos") + NOT_AVAILABLE,
                "fe41", CHECK + parameters("public", "fil%") + NOT_AVAILABLE,
                "fe22", CHECK + parameters("nosuch", "*") + NOT_AVAILABLE,
                "fe37", noselect.formatted("{\"id\", \"eq\", \"1\", false}"),
                "fe38", noselect.formatted(""),
                "fe39", CHECK + parameters("PUBLIC", "filt") + NOT_AVAILABLE);
        named.forEach((channel, message) -> all.add(refused("pg_filter_errors." + version, channel, message, NAMED)));
        String tooMany =
                EXCEPTION + "[event: *, schema: public, table: filt, filters: [{\"id\", \"in\", \"{" + hundredOne
                        + "}\", false}], select: nil]. Exception: ERROR P0001 (raise_exception) too many values for `in` filter."
                        + " Maximum 100";
        all.add(refused("pg_filter_errors." + version, "fe8", tooMany, ONE_LINE));
        String name = "pg_filter_errors." + version;
        all.add(refused(name, "fe42", poison("c_json", "1", "json"), POISON));
        all.add(refused(name, "fe43", poison("c_point", "(1,2)", "point"), POISON));
    }

    private static String poison(String column, String value, String type) {
        return EXCEPTION + "[event: *, schema: public, table: all_types, filters: [{\"" + column + "\", \"eq\", \""
                + value + "\", false}], select: nil]. Exception: ERROR 42883 (undefined_function) operator does not"
                + " exist: " + type + " = " + type;
    }

    private static String parameters(String schema, String table) {
        return "[event: *, schema: " + schema + ", table: " + table + ", filters: [], select: nil]";
    }

    private static Deviation refused(String transcript, String channel, String message, String reason) {
        String payload = "{\"message\":" + TextNode.valueOf(message)
                + ",\"status\":\"error\",\"extension\":\"postgres_changes\",\"channel\":\"" + channel + "\"}";
        String version = transcript.substring(transcript.indexOf('.') + 1);
        return instead(
                transcript,
                "\"channel\":\"" + channel + "\"}",
                reason,
                frame(version, "1", null, "realtime:" + channel, "system", payload));
    }

    private static void addPoison(List<Deviation> all, String version) {
        String name = "pg_poison." + version;
        all.add(refused(name, "poison", poison("c_json", "1", "json"), POISON));
        String delivered = frame(version, null, null, "realtime:victim", "postgres_changes", """
                {"data":{"table":"todos","type":"INSERT","record":{"id":2,"details":"after the poison","room_id":null,\
                "user_id":null},"columns":[{"name":"id","type":"int8"},{"name":"room_id","type":"int4"},\
                {"name":"user_id","type":"uuid"},{"name":"details","type":"text"}],"errors":null,"schema":"public",\
                "commit_timestamp":"2026-11-23T12:00:00.000Z"},"ids":[68883293]}""");
        all.add(new Deviation(name, "'after the poison')", true, List.of("victim " + delivered), NOT_BLINDED));
    }

    /// NaN is above all other numbers, infinity included.
    private static void addNumbers(List<Deviation> all) {
        String four = """
                "id":4,"t":"a,b","n":2,"i":4,"b":true,"u":"11111111-1111-4111-8111-111111111111",\
                "ts":"2024-06-01T00:00:00+00:00","e":"ok","arr":[],"vc":"","d":"2020-01-01","f":"NaN\"""";
        String five = """
                "id":5,"t":"a.b.c","n":"NaN","i":5,"b":false,"u":"22222222-2222-4222-8222-222222222222",\
                "ts":"2025-01-01T00:00:00+00:00","e":"happy","arr":[1,2,3],"vc":"x ","d":"2030-01-01","f":"Infinity\"""";
        all.add(new Deviation(
                "pg_filters.v2",
                "values ('4',",
                true,
                List.of(filtered("f38", four, 82_226_963), filtered("f39", four, 3_085_510)),
                EXACT));
        all.add(new Deviation(
                "pg_filters.v2",
                "values ('5',",
                true,
                List.of(filtered("f28", five, 87_295_207), filtered("f38", five, 82_226_963)),
                EXACT));
    }

    private static String filtered(String channel, String row, int id) {
        return "a " + frame("v2", null, null, "realtime:" + channel, "postgres_changes", """
                {"data":{"table":"filt","type":"INSERT","record":{%s},"columns":[{"name":"id","type":"int4"},\
                {"name":"t","type":"text"},{"name":"n","type":"numeric"},{"name":"i","type":"int4"},\
                {"name":"b","type":"bool"},{"name":"u","type":"uuid"},{"name":"ts","type":"timestamptz"},\
                {"name":"e","type":"mood"},{"name":"arr","type":"_int4"},{"name":"vc","type":"varchar"},\
                {"name":"d","type":"date"},{"name":"f","type":"float8"}],"errors":null,"schema":"public",\
                "commit_timestamp":"2026-11-23T12:00:00.000Z"},"ids":[%d]}""".formatted(row, id));
    }

    private static void addPrivileges(List<Deviation> all) {
        String name = "pg_privileges.v2";
        String message = CHECK + parameters("public", "noselect") + NOT_AVAILABLE;
        Deviation refused = refused(name, "p1", message, NEVER_ARRIVES);
        all.add(instead(
                name,
                refused.at() + "] anon-noselect",
                NEVER_ARRIVES,
                refused.frames().getFirst()));
        all.add(instead(name, "Error 401: Unauthorized", NEVER_ARRIVES));
        all.add(instead(name, "\"old_record\":{}},\"ids\":[11270579]}] anon-noselect", NEVER_ARRIVES));
    }

    private static void addKeyless(List<Deviation> all) {
        all.add(instead(
                "pg_privileges.v2",
                "\"INSERT\",\"record\":{},\"columns\":[],\"errors\":[\"Error 400",
                KEYLESS,
                keyless("INSERT", """
                "record":{"a":1,"b":"x"}""")));
        all.add(instead(
                "pg_privileges.v2",
                "\"UPDATE\",\"record\":{},\"columns\":[],\"errors\":[\"Error 400",
                KEYLESS,
                keyless("UPDATE", """
                "record":{"a":1,"b":"y"},"old_record":{"a":1,"b":"x"}""")));
    }

    private static String keyless(String type, String rows) {
        return frame("v2", null, null, "realtime:p3", "postgres_changes", """
                {"data":{"table":"nopk","type":"%s","columns":[{"name":"a","type":"int4"},{"name":"b","type":"text"}],\
                "errors":null,"schema":"public","commit_timestamp":"2026-11-23T12:00:00.000Z",%s},\
                "ids":[84933056]}""".formatted(type, rows));
    }

    private static void addPolicies(List<Deviation> all) {
        String gone = note("INSERT", """
                "record":{"id":9,"user_id":"11111111-1111-4111-8111-111111111111","body":"gone"}""");
        String message = UNABLE + "Parameters: " + parameters("public", "rls_notes")
                + " PolicyMissing: Row-level security shows this role no row of the table. public.rls_notes has row-level"
                + " security and no policy for role \"anon\". This one shows it every row: CREATE POLICY \"walcast\" ON"
                + " \"public\".\"rls_notes\" FOR SELECT TO \"anon\" USING (true);";
        Deviation refused = refused("pg_rls.v2", "rls", message, NEVER_ARRIVES);
        all.add(instead(
                "pg_rls.v2",
                refused.at() + "] anon",
                NEVER_ARRIVES,
                refused.frames().getFirst()));
        all.add(policy("03.515Z", "9", "u1", AS_LOGGED, gone, known(9)));
        all.add(policy("03.515Z", "9", "service", AS_LOGGED, gone, note("DELETE", "\"old_record\":{\"id\":9}")));
        all.add(policy("03.515Z", "9", "u2", STRICT));
        all.add(policy("03.515Z", "9", "anon", STRICT));
        for (String stranger : List.of("u1", "anon")) {
            all.add(policy("08.386Z", "1", stranger, STRICT));
        }
        all.add(policy("08.386Z", "1", "u2", KNOWN, known(1)));
        all.add(instead("pg_rls.v2", "18.137Z", OLD_UNSEEN, org("UPDATE", """
                "record":{"id":1,"org":"b","body":"for a"},"old_record":{"id":1}""")));
        all.add(policy("23.004Z", "1", "org_b", WHOLE_OLD, org("DELETE", """
                "old_record":{"id":1,"org":"b","body":"for a"}""")));
        all.add(policy("23.004Z", "2", "org_b", WHOLE_OLD, org("DELETE", """
                "old_record":{"id":2,"org":"b","body":"for b"}""")));
        all.add(policy("23.004Z", "1", "org_a", STRICT));
        all.add(policy("23.004Z", "2", "org_a", STRICT));
    }

    /// @param time where the recorded commit_timestamp ends
    private static Deviation policy(String time, String id, String conn, String reason, String... frames) {
        String ids = conn.startsWith("org") ? "68295128" : "659138";
        String at = time + "\",\"old_record\":{\"id\": " + id + "}},\"ids\":[" + ids + "]}] " + conn;
        return instead("pg_rls.v2", at, reason, frames);
    }

    private static String note(String type, String rows) {
        return change("rls_notes", type, "user_id", "uuid", rows, 659_138);
    }

    private static String known(int id) {
        return frame("v2", null, null, "realtime:rls", "postgres_changes", """
                {"data":{"table":"rls_notes","type":"DELETE","columns":[{"name":"id","type":"int4"}],"errors":null,\
                "schema":"public","commit_timestamp":"2026-11-23T12:00:00.000Z","old_record":{"id":%d}},\
                "ids":[659138]}""".formatted(id));
    }

    private static String org(String type, String rows) {
        return change("rls_org", type, "org", "text", rows, 68_295_128);
    }

    private static String change(String table, String type, String column, String columnType, String rows, int id) {
        return frame("v2", null, null, "realtime:rls", "postgres_changes", """
                {"data":{"table":"%s","type":"%s","columns":[{"name":"id","type":"int4"},\
                {"name":"%s","type":"%s"},{"name":"body","type":"text"}],"errors":null,"schema":"public",\
                "commit_timestamp":"2026-11-23T12:00:00.000Z",%s},"ids":[%d]}""".formatted(
                        table, type, column, columnType, rows, id));
    }
}
