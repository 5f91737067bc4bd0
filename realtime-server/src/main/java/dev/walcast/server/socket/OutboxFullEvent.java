package dev.walcast.server.socket;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// A JFR event for an outbox that is full. Disabled by default.
@Name("walcast.OutboxFull")
@Label("Outbox full")
@Description("A client did not keep up, and its socket is being closed.")
@Category("Walcast")
@StackTrace(false)
@Enabled(false)
final class OutboxFullEvent extends Event {
    @Label("Bytes that waited")
    @DataAmount
    long bytes;

    @Label("Bytes of the message that did not fit")
    @DataAmount
    long frameBytes;
}
