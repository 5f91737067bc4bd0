package dev.walcast.cdc.source;

/// The logical message that announces changed rights in its transaction. Its content does not matter.
public final class RightsMessage {
    /// The prefix of such a message. A message outside a transaction announces nothing.
    public static final String PREFIX = "walcast.rights";

    private RightsMessage() {}
}
