package dev.walcast.server.channel;

/// The channel's side of a change subscription. Called from the feed's threads; implementations never block and never
/// throw.
public interface ChangeReceiver {
    /// Every binding is registered and the feed is live: whatever is committed from now on arrives. May come again.
    void onLive();

    /// The bindings cannot be served; the text is fit for the client's `system` message and holds no secret.
    void onRefused(String message);

    /// @param ids the bindings of this channel that match, in binding order
    void onChange(int[] ids, EncodedChange change);
}
