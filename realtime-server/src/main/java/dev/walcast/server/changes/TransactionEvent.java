package dev.walcast.server.changes;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// Disabled by default.
@Name("walcast.Transaction")
@Label("Transaction")
@Description(
        "A transaction was taken in and led to whom it concerns, as far as no answer of Postgres was needed; lasts as long as the reader waited.")
@Category("Walcast")
@StackTrace(false)
@Enabled(false)
final class TransactionEvent extends Event {
    @Label("Where it ends in the log")
    long lsn;

    @Label("Changes")
    long changes;

    @Label("Held in memory, not spilled to a file")
    boolean inMemory;
}
