package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.ChannelRights;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.json.Json;
import dev.walcast.server.json.Slice;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.request.TokenPush;
import dev.walcast.server.tasks.Lane;
import java.util.Optional;

/// What a channel's client pushes, handled in order: by the session's reader thread, or on the channel's [Lane] from
/// where the database has to be asked until nothing waits any more.
final class ChannelPushes {
    /// Reads as no acknowledgement.
    private static final Slice NO_ACKNOWLEDGEMENT = Slice.of(Json.bytes("null"));

    private final Services services;
    private final ClientBudget budget;
    private final Channel channel;
    private final ChannelRights rights;
    private final Lane lane;

    ChannelPushes(Services services, ClientBudget budget, Channel channel, ChannelRights rights, Lane lane) {
        this.services = requireNonNull(services, "services is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.channel = requireNonNull(channel, "channel is null");
        this.rights = requireNonNull(rights, "rights is null");
        this.lane = requireNonNull(lane, "lane is null");
    }

    /// Handles a push now or, when something is to be waited for, in its turn.
    ///
    /// @param bytes what it holds in memory while it waits
    void receive(Message.Push push, int bytes) {
        Optional<Refusal> tooMany = push instanceof Message.Presence ? budget.presenceMessage() : budget.message();
        if (tooMany.isPresent()) {
            channel.closeBecause(tooMany.get());
        } else if (push instanceof Message.AccessToken token) {
            receiveToken(token, bytes);
        } else {
            submit(push, bytes, () -> handle(push));
        }
    }

    private void receiveToken(Message.AccessToken push, int bytes) {
        channel.beginToken();
        submit(push, bytes, () -> {
            try {
                handle(push);
            } finally {
                channel.endToken();
            }
        });
    }

    private void submit(Message.Push push, int bytes, Runnable task) {
        if (!lane.submit(task, () -> rights.mustAsk(push), bytes)) {
            services.stats().countDropped();
            refuseBusy(push);
        }
    }

    private void handle(Message.Push push) {
        boolean isMember = channel.isJoined();
        switch (push) {
            case Message.BroadcastPush broadcast when channel.isServed() -> broadcast(broadcast);
            case Message.UnreadableBroadcast(Address address) ->
                acknowledge(address, Payload.error(ErrorCode.BROADCAST_UNREADABLE.refusal()));
            case Message.AccessToken token when isMember -> accessToken(token);
            case Message.Presence presence when isMember -> channel.presence(presence);
            case Message.Acknowledgement acknowledgement when isMember -> channel.acknowledge(acknowledgement);
            case Message.TooLarge large -> refuseLarge(large);
            case Message.BroadcastPush _,
                    Message.AccessToken _,
                    Message.Presence _,
                    Message.Acknowledgement _,
                    Message.Unknown _ -> {}
        }
    }

    private void refuseLarge(Message.TooLarge push) {
        if (push.event().equals("broadcast") && channel.isServed()) {
            refuseLargeBroadcast(push.address(), push.payloadBytes());
        } else if (channel.isJoined()) {
            switch (push.event()) {
                case "access_token" -> channel.closeBecause(tokenTooLarge(push.payloadBytes()));
                case "presence" -> channel.closeBecause(ErrorCode.PRESENCE_TOO_LARGE.refusal());
                case "postgres_changes" ->
                    channel.acknowledge(new Message.Acknowledgement(push.address(), NO_ACKNOWLEDGEMENT));
                default -> {}
            }
        }
    }

    private Refusal tokenTooLarge(int bytes) {
        int bytesMax = services.limits().joinBytesMax();
        return ErrorCode.TOKEN_TOO_LARGE.refusal(bytes, bytesMax).over(bytesMax, bytes);
    }

    private void refuseLargeBroadcast(Address address, int bytes) {
        Refusal tooLarge =
                ErrorCode.PAYLOAD_TOO_LARGE.refusal().over(services.limits().payloadBytesMax(), bytes);
        acknowledge(address, Payload.error(tooLarge));
        services.stats().countDropped();
    }

    private void refuseBusy(Message.Push push) {
        Refusal busy = ErrorCode.CHANNEL_BUSY.refusal().over(Lane.WAITING_MAX, Lane.WAITING_MAX);
        switch (push) {
            case Message.BroadcastPush _, Message.UnreadableBroadcast _ ->
                acknowledge(push.address(), Payload.error(busy));
            case Message.Presence _ -> channel.reply(push.address(), Payload.error(busy));
            // the rights of the token that was to be replaced must not go on
            case Message.AccessToken _ -> channel.crash();
            case Message.TooLarge large -> refuseLarge(large);
            // a later one covers it
            case Message.Acknowledgement _, Message.Unknown _ -> {}
        }
    }

    private void broadcast(Message.BroadcastPush push) {
        int bytes = push.content().payloadBytes();
        if (bytes > services.limits().payloadBytesMax()) {
            refuseLargeBroadcast(push.address(), bytes);
            return;
        }
        Optional<Refusal> denied = rights.checkBroadcast(channel.viewer());
        if (denied.isPresent()) {
            acknowledge(push.address(), Payload.error(denied.get()));
            services.stats().countDenied();
        } else if (channel.isServed()) {
            services.hub()
                    .broadcast(channel.room(), push.content(), channel.request().self() ? null : channel);
            acknowledge(push.address(), Payload.ok());
        }
    }

    private void accessToken(Message.AccessToken push) {
        int bytes = push.payload().length();
        if (bytes > services.limits().joinBytesMax()) {
            channel.closeBecause(tokenTooLarge(bytes));
            return;
        }
        TokenPush.token(push.payload())
                .filter(token -> !token.equals(channel.credential().token()))
                .ifPresent(this::verify);
    }

    private void verify(String token) {
        switch (services.verifier().verify(token)) {
            case TokenVerdict.Rejected rejected -> channel.closeBecause(rejected.refusal());
            case TokenVerdict.Verified verified -> replace(new Credential(token, verified));
        }
    }

    private void replace(Credential fresh) {
        rights.checkToken(fresh.verified().viewer())
                .ifPresentOrElse(channel::closeBecause, () -> channel.follow(fresh));
    }

    private void acknowledge(Address address, Payload payload) {
        if (channel.request().ack()) {
            channel.reply(address, payload);
        }
    }
}
