package dev.walcast.cdc.source;

/// The logical message which says that its transaction changes rights. Its content does not matter.
public final class RightsMessage {
    /// A message of a transaction with this prefix is one; a message outside a transaction is not.
    public static final String PREFIX = "walcast.rights";

    private RightsMessage() {}
}
