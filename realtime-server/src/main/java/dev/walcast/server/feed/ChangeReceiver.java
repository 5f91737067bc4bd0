package dev.walcast.server.feed;

import dev.walcast.server.protocol.FeedPlace;
import java.util.List;
import java.util.Optional;

/// The channel's side of a change subscription. Called from the feed's threads; implementations never throw, and
/// but for [#awaitRoom()] never block.
public interface ChangeReceiver {
    /// Every binding is registered and the feed is live: all changes that are committed from now on arrive. May
    /// be called again.
    ///
    /// @param warnings what the client should know although its bindings work
    /// @param place    where that is; empty when the feed has no positions
    void onLive(List<String> warnings, Optional<FeedPlace> place);

    /// The bindings cannot be served; the text is fit for the client's `system` message and holds no secret.
    void onRefused(String message);

    /// Something could not be evaluated for this client, which therefore does not see it; the subscription goes
    /// on.
    void onTrouble(String message);

    /// @param ids the bindings of this channel that match, in binding order
    void onChange(int[] ids, EncodedChange change);

    /// A part of the rows that a binding begins with; [#onLive] follows when they are complete. A first part
    /// replaces all that the client received before.
    void onSnapshot(int id, SnapshotChunk chunk);

    /// Where the client comes from, as [dev.walcast.server.socket.Handshake#address] gives it; empty when it is not
    /// known. Clients without a `sub` in their token share turns by it.
    default String address() {
        return "";
    }

    /// Whether so little waits to be sent that more of the past may follow.
    boolean hasRoom();

    /// Returns when the client has taken most of what was sent to it, or is gone.
    void awaitRoom() throws InterruptedException;
}
