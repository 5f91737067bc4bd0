package dev.walcast.cdc.readers;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/// Extreme values of every type, as SQL expressions. Postgres refuses some of them.
final class PoisonValues {
    /// Statements to run once in the database.
    static final List<String> TYPES = List.of(
            "create extension hstore",
            "create type poison_enum as enum ('', 'a\"b', '\\', 'NULL', 'é')",
            "create type poison_row as (a int, \"B ,\"\"\" text, c numeric[], j json)",
            "create type poison_rows as (x poison_row, y poison_row[], z hstore)",
            "create domain poison_domain as numeric",
            "create domain poison_list as text[]",
            "create domain poison_row_domain as poison_row",
            "create type poison_range as range (subtype = text, collation = \"C\")");

    private static final Map<String, List<String>> EDGES = edges();

    private final Random random;

    PoisonValues(Random random) {
        this.random = random;
    }

    private static Map<String, List<String>> edges() {
        Map<String, List<String>> edges = new LinkedHashMap<>();
        edges.put("numeric", List.of("NaN", "Infinity", "-Infinity", "1e131071", "1e-16383", "-0.00", "0e-5", "1e5"));
        edges.put("float8", List.of("NaN", "Infinity", "-Infinity", "5e-324", "1.7976931348623157e308", "-0", "1e22"));
        edges.put("float4", List.of("NaN", "-Infinity", "1e-45", "3.4028235e38", "16777217", "1e6", "-0"));
        edges.put("int8", List.of("-9223372036854775808", "9223372036854775807", "0"));
        edges.put("oid", List.of("4294967295", "0"));
        edges.put("date", List.of("infinity", "-infinity", "4713-01-01 BC", "5874897-12-31", "0001-01-01"));
        edges.put(
                "timestamp",
                List.of(
                        "infinity",
                        "-infinity",
                        "4714-11-24 BC",
                        "294276-12-31 23:59:59.999999",
                        "2000-01-01 00:00:00.1"));
        edges.put(
                "timestamptz",
                List.of("infinity", "-infinity", "4714-11-24 00:00+00 BC", "294276-12-31 23:59:59.999999+00"));
        edges.put("time", List.of("24:00:00", "00:00:00.000001"));
        edges.put("timetz", List.of("24:00:00+15:59:59", "00:00:00-15:59:59", "12:00:00+05:30:15", "12:00+00"));
        edges.put(
                "interval",
                List.of("178000000 years", "-1 year +1 day -00:00:01", "0", "-178956970 years -8 mons", "infinity"));
        edges.put("bool", List.of("true", "false"));
        edges.put("bytea", List.of("\\x", "\\xdeadbeef", "\\x00"));
        edges.put("int4range", List.of("empty", "(,)", "[1,5)", "[-2147483648,2147483647)"));
        edges.put("tstzrange", List.of("[-infinity,infinity]", "[\"2024-01-01 00:00+00 BC\",)"));
        edges.put("poison_range", List.of("[\"a\"\"b\",\"c,d\"]", "[\"\",)"));
        edges.put("int4multirange", List.of("{}", "{[1,2],[5,)}"));
        edges.put("nummultirange", List.of("{[1.50,NaN]}", "{(,)}"));
        edges.put("hstore", List.of("", "a=>NULL", "\"\\\"q\\\"\"=>\"\\\\\", bb=>1, a=>\"NULL\"", "é=>\"=>\""));
        edges.put("varbit", List.of("", "101"));
        edges.put("bit(5)", List.of("10101"));
        edges.put("char(3)", List.of("", "a", "é"));
        edges.put("name", List.of("", "x"));
        edges.put("\"char\"", List.of("", "a", "\\377"));
        edges.put("xml", List.of("<a>é &amp; ]]></a>", "<a/>"));
        edges.put("tsvector", List.of("", "a:1A fat:2B,4C 'it''s':7"));
        edges.put("tsquery", List.of("!a & (b | c:*)", ""));
        edges.put("point", List.of("(NaN,Infinity)", "(-0,1e-320)"));
        edges.put("line", List.of("{1,2,3}", "{-0,1,1e300}"));
        edges.put("lseg", List.of("[(0,0),(NaN,1)]"));
        edges.put("box", List.of("(1,1),(Infinity,-Infinity)"));
        edges.put("path", List.of("[(0,0)]", "((0,0),(1,1),(2,0))"));
        edges.put("polygon", List.of("((0,0),(1,1),(2,NaN))"));
        edges.put("circle", List.of("<(0,0),Infinity>", "<(NaN,0),0>"));
        edges.put("inet", List.of("::1/64", "10.0.0.1", "0.0.0.0/0"));
        edges.put("cidr", List.of("::/0", "10.0.0.0/8"));
        edges.put("macaddr", List.of("08:00:2b:01:02:03"));
        edges.put("macaddr8", List.of("08:00:2b:01:02:03:04:05"));
        edges.put("money", List.of("-92233720368547758.08", "0", "1234.5"));
        edges.put("uuid", List.of("00000000-0000-0000-0000-000000000000"));
        edges.put("pg_lsn", List.of("0/0", "FFFFFFFF/FFFFFFFF"));
        edges.put("xid8", List.of("18446744073709551615"));
        edges.put("regclass", List.of("pg_class", "-", "12345678"));
        edges.put("jsonpath", List.of("$.a[*] ? (@ > 1)"));
        edges.put("oidvector", List.of("", "1 4294967295"));
        edges.put("int2vector", List.of("", "-1 2"));
        edges.put("poison_enum", List.of("", "a\"b", "\\", "NULL", "é"));
        edges.put("poison_domain", List.of("NaN", "1.50"));
        edges.put("poison_list", List.of("{}", "{a,NULL,\"NULL\",\"\"}", "[0:1]={a,b}"));
        edges.put(
                "text",
                List.of(
                        "",
                        "NULL",
                        "__debezium_unavailable_value",
                        "missing: not_exact",
                        "a\u0001\u2028\ud83d\ude00\"\\"));
        edges.put(
                "json",
                List.of("\"\\ud83d\"", "\"\\u0000\"", "1e131072", "[1e131071,-0.0e3]", " {\"b\":1,\"a\":2,\"b\":3} "));
        edges.put("jsonb", List.of("{}", "null", "[1e1000]", "{\"b\":[{}],\"a\":\"\\u00e9\"}"));
        return edges;
    }

    /// Returns the name of a type that may be an array's element.
    String type() {
        int kind = random.nextInt(10);
        if (kind == 0) {
            return random.nextBoolean() ? "poison_rows" : "poison_row_domain";
        }
        String scalar = pick(new ArrayList<>(EDGES.keySet()));
        boolean array = kind < 4 && !scalar.endsWith("vector") && !scalar.endsWith(")");
        return array ? scalar + "[]" : scalar;
    }

    /// Returns an expression of the type.
    String value(String type) {
        if (type.endsWith("[]")) {
            return array(type.substring(0, type.length() - 2));
        }
        return switch (type) {
            case "poison_row", "poison_row_domain" -> row() + "::" + type;
            case "poison_rows" ->
                "row(" + (random.nextInt(4) == 0 ? "null" : row() + "::poison_row") + ", array[" + row()
                        + "::poison_row, null], " + value("hstore") + ")::poison_rows";
            case "json" -> random.nextBoolean() ? edge(type) : quoted(json(6)) + "::json";
            case "jsonb" -> random.nextBoolean() ? edge(type) : quoted(json(6)) + "::jsonb";
            case "text" -> random.nextInt(5) == 0 ? "repeat('\u00e9\"', " + random.nextInt(300_000) + ")" : edge(type);
            case "float8" -> random.nextBoolean() ? edge(type) : quoted(random(random.nextLong())) + "::float8";
            default -> edge(type);
        };
    }

    private static String random(long bits) {
        return Double.toString(Double.longBitsToDouble(bits));
    }

    private String edge(String type) {
        return quoted(pick(EDGES.get(type))) + "::" + type;
    }

    private String row() {
        return "row(" + random.nextInt() + ", " + edge("text") + ", " + array("numeric") + ", " + value("json") + ")";
    }

    private String array(String element) {
        String one = "array[" + value(element) + ", null, " + value(element) + "]::" + element + "[]";
        return switch (random.nextInt(5)) {
            case 0 -> "array[" + one + ", " + one + "]";
            case 1 -> "('[2:4]=' || " + one + "::text)::" + element + "[]";
            case 2 -> "'{}'::" + element + "[]";
            default -> one;
        };
    }

    private String json(int depth) {
        return switch (random.nextInt(depth > 0 ? 9 : 5)) {
            case 0 -> "null";
            case 1 -> random.nextInt(2000) / 8.0 + "e" + (random.nextInt(60) - 30);
            case 2 -> pick(List.of("\"\\ud83d\\ude00\"", "\"\\uDE00\"", "\"a\\/\\b\"", "\"\\u00e9\\n\""));
            case 3 -> pick(List.of("-0", "-0.00", "1E5", "0.10"));
            case 4 -> "[]";
            case 5 -> "[" + json(depth - 1) + " ,\n" + json(depth - 1) + "]";
            case 6 -> "[".repeat(1500) + json(depth - 1) + "]".repeat(1500);
            default ->
                "{\"" + pick(List.of("b", "aa", "é", "\\u0062", "")) + "\":" + json(depth - 1) + ",\"aa\": "
                        + json(depth - 1) + ", \"b\" : {\"z\":1,\"y\":" + json(depth - 1) + "}}";
        };
    }

    private <T> T pick(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
