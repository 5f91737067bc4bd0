package dev.walcast.server.changes;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// Disabled by default.
@Name("walcast.FanOut")
@Label("Fan-out")
@Description("One change met the subscriptions; lasts until all of them have it or wait for Postgres.")
@Category("Walcast")
@StackTrace(false)
@Enabled(false)
final class FanOutEvent extends Event {
    @Label("Table")
    String table = "";

    @Label("Subscriptions that it met or may meet")
    int candidates;

    @Label("Of them those that wait for an answer of Postgres, or behind another that does")
    int asked;
}
