package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Refusal;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A client without a socket. Belongs to the thread that serves it.
public final class Guest implements AutoCloseable {
    private static final String PREFIX = "realtime:";

    private final Services services;
    private final ClientBudget budget;
    private final TokenVerdict.Verified verified;
    private final String headers;
    private final AtomicBoolean gone = new AtomicBoolean();
    private @Nullable ExpiryWatch expiry;
    private @Nullable Runnable leave;

    Guest(Services services, ClientBudget budget, TokenVerdict.Verified verified, String headers) {
        this.services = requireNonNull(services, "services is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.verified = requireNonNull(verified, "verified is null");
        this.headers = requireNonNull(headers, "headers is null");
        services.budget().guests().incrementAndGet();
    }

    public Viewer viewer() {
        return verified.viewer();
    }

    /// @param expired called on another thread when the token is not good any more
    public void watchToken(Consumer<Refusal> expired) {
        expiry = new ExpiryWatch(
                services, until -> expired.accept(services.verifier().expired(until)));
        expiry.follow(verified.expiresAt());
    }

    /// Hears the broadcasts of a topic until it is closed. Blocks while the database is asked whether it may.
    ///
    /// @param topic    without its `realtime:`
    /// @param event    the only one it wants to hear, if that is so
    /// @param listener called by whoever sends; never blocks
    public void hear(String topic, boolean isPrivate, Optional<String> event, Consumer<OutboundFrame> listener)
            throws RefusedException {
        if (topic.isEmpty()) {
            throw new RefusedException(ErrorCode.TOPIC_NAME_REQUIRED.refusal());
        }
        RoomName room = new RoomName(PREFIX + topic, isPrivate);
        if (isPrivate) {
            requireRight(room);
        }
        RoomMember member = broadcast -> {
            if (event.isEmpty() || broadcast.event().equals(event)) {
                broadcast.streamEvent().ifPresent(listener);
            }
        };
        services.hub().join(room, member);
        leave = () -> services.hub().leave(room, member);
    }

    private void requireRight(RoomName room) throws RefusedException {
        ChannelRights rights = new ChannelRights(new ClientQuestions(services.questions(), headers), room);
        Optional<Refusal> refused = rights.enter(viewer(), false)
                .or(() -> rights.mayReadBroadcasts() ? Optional.empty() : Optional.of(rights.unreadable()));
        if (refused.isPresent()) {
            throw new RefusedException(refused.get());
        }
    }

    @Override
    public void close() {
        if (!gone.compareAndSet(false, true)) {
            return;
        }
        if (expiry != null) {
            expiry.cancel();
        }
        if (leave != null) {
            leave.run();
        }
        budget.close();
        services.budget().guests().decrementAndGet();
    }
}
