package dev.walcast.server.subscribe;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// Disabled by default.
@Name("walcast.Replay")
@Label("Replay")
@Description("A subscription that came back was led to the head of the window; lasts until it was live.")
@Category("Walcast")
@StackTrace(false)
@Enabled(false)
final class ReplayEvent extends Event {
    @Label("Bindings with a past")
    int bindings;

    @Label("Changes read from the window for it")
    long changes;
}
