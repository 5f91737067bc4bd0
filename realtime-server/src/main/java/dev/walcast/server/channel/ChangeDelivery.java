package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.rls.Viewer;
import dev.walcast.server.acks.Acknowledgements;
import dev.walcast.server.feed.Binding;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.json.Slice;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.SystemNote;
import dev.walcast.server.socket.Outbox;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A channel's subscription to the change feed, through changes of its token.
final class ChangeDelivery implements ChangeReceiver {
    private static final Logger LOG = LoggerFactory.getLogger(ChangeDelivery.class);

    private final Channel channel;
    private final ChannelFrames frames;
    private final Outbox outbox;
    private final ChangeFeed feed;
    private final List<Binding> bindings;
    private final Optional<Acknowledgements> acknowledgements;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private ChangeFeed.@Nullable Subscription subscription;

    @GuardedBy("lock")
    private boolean retired;

    @GuardedBy("lock")
    private int pauses;

    /// @param acknowledgements empty when no binding asks for it
    ChangeDelivery(
            Channel channel,
            ChannelFrames frames,
            Outbox outbox,
            ChangeFeed feed,
            List<Binding> bindings,
            Optional<Acknowledgements> acknowledgements) {
        this.channel = requireNonNull(channel, "channel is null");
        this.frames = requireNonNull(frames, "frames is null");
        this.outbox = requireNonNull(outbox, "outbox is null");
        this.feed = requireNonNull(feed, "feed is null");
        this.bindings = List.copyOf(bindings);
        this.acknowledgements = requireNonNull(acknowledgements, "acknowledgements is null");
    }

    @Override
    public String address() {
        return channel.address();
    }

    /// Begins to deliver what this viewer may see, or goes on with it. Called by the session's reader thread
    /// only.
    void follow(Viewer viewer) {
        ChangeFeed.Subscription current;
        synchronized (lock) {
            current = subscription;
        }
        acknowledgements.ifPresent(acks -> acks.follow(viewer));
        if (current != null) {
            current.changeViewer(viewer);
        } else if (!bindings.isEmpty()) {
            List<Binding> placed = acknowledgements.isEmpty()
                    ? bindings
                    : acknowledgements.get().placed(bindings);
            keep(feed.subscribe(placed, viewer, this));
        }
    }

    private void keep(ChangeFeed.Subscription subscribed) {
        synchronized (lock) {
            if (!retired) {
                subscription = subscribed;
                for (int i = 0; i < pauses; i++) {
                    subscribed.pause();
                }
                return;
            }
        }
        close(subscribed);
    }

    /// Delivers no change until [#resume]: a token came that is not dealt with yet.
    void pause() {
        synchronized (lock) {
            pauses++;
            if (subscription != null) {
                subscription.pause();
            }
        }
    }

    void resume() {
        synchronized (lock) {
            pauses--;
            if (subscription != null) {
                subscription.resume();
            }
        }
    }

    /// Ends it, also when it is still being made.
    void retire() {
        ChangeFeed.Subscription subscribed;
        synchronized (lock) {
            retired = true;
            subscribed = subscription;
            subscription = null;
        }
        acknowledgements.ifPresent(Acknowledgements::release);
        if (subscribed != null) {
            close(subscribed);
        }
    }

    /// Empty when no binding asks for it.
    Optional<Payload> acknowledge(Slice push) {
        return acknowledgements.map(
                acks -> acks.acknowledge(push).map(Payload::error).orElseGet(Payload::ok));
    }

    /// A feed that fails here must not keep a channel from ending.
    private static void close(ChangeFeed.Subscription subscribed) {
        try {
            subscribed.close();
        } catch (RuntimeException e) {
            LOG.error("a subscription could not be closed", e);
        }
    }

    @Override
    public void onLive(List<String> warnings, Optional<FeedPlace> place) {
        List<String> all = new ArrayList<>(warnings);
        acknowledgements.ifPresent(acks -> all.addAll(acks.live(place)));
        channel.deliverNote(SystemNote.subscribed(all, place));
    }

    @Override
    public void onTrouble(String message) {
        channel.deliverNote(SystemNote.notSubscribed(message));
    }

    @Override
    public void onRefused(String message) {
        channel.deliverNote(SystemNote.notSubscribed(message));
    }

    @Override
    public void onChange(int[] ids, EncodedChange change) {
        acknowledgements.ifPresent(acks -> acks.sending(change));
        channel.push(frames.change(ids, change));
    }

    @Override
    public void onSnapshot(int id, SnapshotChunk chunk) {
        channel.push(frames.snapshot(id, chunk));
    }

    @Override
    public boolean hasRoom() {
        return outbox.hasRoom();
    }

    @Override
    public void awaitRoom() throws InterruptedException {
        outbox.awaitRoom();
    }
}
