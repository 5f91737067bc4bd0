package dev.walcast.bench;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import java.util.List;

/// A table like the demo's messages, and its changes.
public final class SampleTable {
    public static final Table MESSAGES = new Table(
            new TableId("public", "messages"),
            List.of(
                    column("id", 20, "int8", JsonForm.NUMBER, true),
                    column("room_id", 25, "text", JsonForm.TEXT, false),
                    column("author", 25, "text", JsonForm.TEXT, false),
                    column("body", 25, "text", JsonForm.TEXT, false),
                    column("created_at", 1184, "timestamptz", JsonForm.TIMESTAMPTZ, false)));

    private SampleTable() {}

    private static Column column(String name, long oid, String type, JsonForm form, boolean key) {
        return new Column(name, new PgType.Scalar(oid, type, form), key);
    }

    public static Change insert(int id, String room) {
        Row row = Row.of(MESSAGES)
                .text(0, Integer.toString(id))
                .text(1, room)
                .text(2, "somebody")
                .text(3, "a message of usual length, number " + id + ", about nothing in particular")
                .text(4, "2026-11-25 01:02:03.456789+00")
                .build();
        return new Change.Insert(MESSAGES, new Position(new Lsn(1), id), new Commit(new Lsn(1), 1, 0), row);
    }
}
