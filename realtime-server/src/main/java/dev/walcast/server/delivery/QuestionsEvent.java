package dev.walcast.server.delivery;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/// Disabled by default.
@Name("walcast.Questions")
@Label("Questions")
@Description("Postgres was asked what filters or policies say of some changes; lasts until it has answered.")
@Category("Walcast")
@StackTrace(false)
@Enabled(false)
final class QuestionsEvent extends Event {
    @Label("Changes asked about at once")
    int changes;

    @Label("Questions")
    int questions;
}
