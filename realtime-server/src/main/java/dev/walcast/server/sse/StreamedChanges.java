package dev.walcast.server.sse;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.StreamEvent;
import dev.walcast.server.protocol.SystemNote;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;

/// Writes what the feed delivers as events of one stream.
final class StreamedChanges implements ChangeReceiver {
    private final EventStream stream;
    private final String address;
    private final AtomicReference<String> epoch = new AtomicReference<>("");

    /// @param address the client's address
    StreamedChanges(EventStream stream, String address) {
        this.address = requireNonNull(address, "address is null");
        this.stream = requireNonNull(stream, "stream is null");
    }

    /// Sends the position as an event's id only the first time: later the stream has advanced beyond it.
    @Override
    public void onLive(List<String> warnings, Optional<FeedPlace> place) {
        Optional<String> position = place.filter(there -> !there.epoch().equals(epoch.getAndSet(there.epoch())))
                .map(FeedPlace::position);
        stream.offer(StreamEvent.system(SystemNote.subscribed(warnings, place), "", position));
    }

    @Override
    public void onRefused(String message) {
        stream.end(ErrorCode.STREAM_REFUSED.refusal(message));
    }

    @Override
    public void onTrouble(String message) {
        stream.offer(StreamEvent.system(SystemNote.notSubscribed(message), "", Optional.empty()));
    }

    @Override
    public void onChange(int[] ids, EncodedChange change) {
        stream.offer(StreamEvent.change(change.position(), change.data()).sharing(change.data(), change.counted()));
    }

    @Override
    public void onSnapshot(int id, SnapshotChunk chunk) {
        stream.offer(StreamEvent.snapshot(chunk.members()).sharing(chunk.members(), chunk.counted()));
    }

    @Override
    public String address() {
        return address;
    }

    @Override
    public boolean hasRoom() {
        return stream.hasRoom();
    }

    @Override
    public void awaitRoom() throws InterruptedException {
        stream.awaitRoom();
    }
}
