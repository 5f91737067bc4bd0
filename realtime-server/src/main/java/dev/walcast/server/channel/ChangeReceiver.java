package dev.walcast.server.channel;

import java.util.List;

/// The channel's side of a change subscription. Called from the feed's threads; implementations never block and never
/// throw.
public interface ChangeReceiver {
    /// Every binding is registered and the feed is live: whatever is committed from now on arrives. May come
    /// again.
    ///
    /// @param warnings what the client should know although its bindings work
    void onLive(List<String> warnings);

    /// The bindings cannot be served; the text is fit for the client's `system` message and holds no secret.
    void onRefused(String message);

    /// Something could not be evaluated for this client, which therefore does not see it; the subscription goes
    /// on.
    void onTrouble(String message);

    /// @param ids the bindings of this channel that match, in binding order
    void onChange(int[] ids, EncodedChange change);
}
