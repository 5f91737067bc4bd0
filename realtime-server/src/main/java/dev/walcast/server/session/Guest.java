package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.access.ChannelRights;
import dev.walcast.server.access.ClientQuestions;
import dev.walcast.server.access.PrivateRights;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.ExpiryWatch;
import dev.walcast.server.channel.Services;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.topic.RoomMember;
import dev.walcast.server.topic.RoomName;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A client without a socket. Belongs to the thread that serves it.
public final class Guest implements AutoCloseable {
    private final Services services;
    private final ClientBudget budget;
    private final TokenVerdict.Verified verified;
    private final String headers;
    private final AtomicBoolean gone = new AtomicBoolean();
    private @Nullable ExpiryWatch expiry;
    private @Nullable Runnable leave;
    private @Nullable ChannelRights rights;
    private Consumer<Refusal> end = _ -> {};

    Guest(Services services, ClientBudget budget, TokenVerdict.Verified verified, String headers) {
        this.services = requireNonNull(services, "services is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.verified = requireNonNull(verified, "verified is null");
        this.headers = requireNonNull(headers, "headers is null");
        services.budget().streamClients().incrementAndGet();
    }

    /// Where it comes from.
    public String address() {
        return budget.address();
    }

    public Viewer viewer() {
        return verified.viewer();
    }

    /// To be called before [#hear].
    ///
    /// @param expired called on another thread when the token, or the right to hear, is not good any more
    public void watchToken(Consumer<Refusal> expired) {
        end = expired;
        expiry = new ExpiryWatch(
                services, until -> expired.accept(services.verifier().expired(until)));
        expiry.follow(verified.expiresAt());
    }

    /// Hears the broadcasts of a topic until it is closed. Blocks while the database is asked whether it may.
    ///
    /// @param event    the only one it wants to hear, if that is so
    /// @param listener called by the thread that sends; never blocks
    public void hear(Topic topic, boolean isPrivate, Optional<String> event, Consumer<OutboundFrame> listener)
            throws RefusedException {
        if (topic.name().isEmpty()) {
            throw new RefusedException(ErrorCode.TOPIC_NAME_REQUIRED.refusal());
        }
        RoomName room = new RoomName(topic, isPrivate);
        ChannelRights known = isPrivate ? requireRight(room) : null;
        RoomMember member = broadcast -> {
            if (event.isPresent() && !broadcast.event().equals(event)) {
                return;
            }
            if (known != null && known.isStale()) {
                end.accept(known.unconfirmed());
            } else if (known == null || known.mayReadBroadcasts()) {
                broadcast.streamEvent().ifPresent(listener);
            }
        };
        services.hub().join(room, member);
        leave = () -> services.hub().leave(room, member);
    }

    private ChannelRights requireRight(RoomName room) throws RefusedException {
        ChannelRights asked = new ChannelRights(
                new ClientQuestions(services.questions(), services.budget().shares(), budget.address(), headers),
                services.privateRights(),
                room,
                this::onAnswer);
        rights = asked;
        Optional<Refusal> refused = asked.checkJoin(viewer(), false)
                .or(() -> asked.mayReadBroadcasts() ? Optional.empty() : Optional.of(asked.unreadable()));
        if (refused.isPresent()) {
            throw new RefusedException(refused.get());
        }
        return asked;
    }

    /// Only what ends the stream is of interest: it hears nothing but broadcasts, and its token stays.
    private synchronized void onAnswer(PrivateRights.Answered answered) {
        ChannelRights asked = rights;
        if (asked != null && asked.confirm(answered).isPresent()) {
            end.accept(asked.unreadable());
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
        if (rights != null) {
            rights.retire();
        }
        budget.close();
        services.budget().streamClients().decrementAndGet();
    }
}
