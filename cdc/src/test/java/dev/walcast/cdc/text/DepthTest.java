package dev.walcast.cdc.text;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/// Renders values of any depth, or reports them as missing, on the smallest stack that the launcher sets
/// (`-Xss512k`), most of which may be in use already.
class DepthTest {
    private static final long STACK_BYTES = 160 << 10;

    private static String rendered(PgType type, String text) throws Exception {
        Row row = Row.of(new Table(new TableId("public", "t"), List.of(new Column("v", type, false))))
                .text(0, text)
                .build();
        FutureTask<String> drawing = new FutureTask<>(() -> {
            StringBuilder out = new StringBuilder();
            MissingReason missing = JsonText.value(out, row, 0);
            return missing == null ? out.toString() : missing.code();
        });
        new Thread(null, drawing, "small-stack", STACK_BYTES).start();
        return drawing.get();
    }

    @Test
    void jsonOfAnyDepthIsRendered() throws Exception {
        PgType json = new PgType.Scalar(114, "json", JsonForm.JSON);
        int depth = 200_000;
        assertThat(rendered(json, "[".repeat(depth) + "]".repeat(depth)))
                .isEqualTo("[".repeat(depth) + "]".repeat(depth));
        assertThat(rendered(json, "{\"b\":1,\"a\":".repeat(depth) + "2" + "}".repeat(depth)))
                .isEqualTo("{\"a\": ".repeat(depth) + "2" + ", \"b\": 1}".repeat(depth));
    }

    @Test
    void keysAreSortedAndTheLastDuplicateIsKept() throws Exception {
        PgType json = new PgType.Scalar(114, "json", JsonForm.JSON);
        String text = """
                \s[{"bb" : {"y":1,"x":[ ]} , "a":{} ,"bb":[{"b":1,"a":-0.0}], "c":"\\u00e9"},{}]\s""";
        assertThat(rendered(json, text)).isEqualTo("""
                [{"a": {}, "c": "é", "bb": [{"a": 0.0, "b": 1}]}, {}]""");
        for (String broken :
                List.of("", "[", "{\"a\"", "{\"a\":1", "[1,]", "[1 2]", "{1:2}", "[}", "tru", "\"\\u12\"", "1x")) {
            assertThat(rendered(json, broken)).as(broken).isEqualTo("not_exact");
        }
    }

    @Test
    void typesAreRenderedAsDeeplyAsTheyAreRead() throws Exception {
        PgType type = new PgType.Scalar(23, "int4", JsonForm.NUMBER);
        StringBuilder expected = new StringBuilder("1");
        String text = "1";
        for (int i = 0; i < 8; i++) {
            type = new PgType.Composite(20_000 + i, "c" + i, List.of(new PgType.Field("a", type)));
            text = "(" + (i == 0 ? text : "\"" + text.replace("\\", "\\\\").replace("\"", "\"\"") + "\"") + ")";
            expected.insert(0, "{\"a\": ").append('}');
        }
        assertThat(rendered(type, text)).isEqualTo(expected.toString());
        for (int i = 8; i < 1_000; i++) {
            type = new PgType.Composite(20_000 + i, "c" + i, List.of(new PgType.Field("a", type)));
        }
        assertThat(rendered(type, "(".repeat(1_000) + ")".repeat(1_000))).isEqualTo("not_exact");
    }
}
