package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.JoinResult.Accepted;
import dev.walcast.server.channel.JoinResult.Refused;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Serializer;

/// The checks a join has to pass, in the order in which clients may see them fail.
final class JoinRules {
    private final Services services;
    private final Serializer serializer;
    private final String connectionToken;

    JoinRules(Services services, Serializer serializer, String connectionToken) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.connectionToken = requireNonNull(connectionToken, "connectionToken is null");
    }

    /// @param channels how many the socket has besides this one
    JoinResult decide(Message.Join join, int channels) {
        String topic = join.address().topic();
        if (Topics.subTopic(topic).isEmpty()) {
            return refused(ErrorCode.TOPIC_NAME_REQUIRED);
        }
        if (topic.length() > serializer.topicBytesMax() || topic.getBytes(UTF_8).length > serializer.topicBytesMax()) {
            return refused(ErrorCode.TOPIC_TOO_LONG, serializer.topicBytesMax());
        }
        return switch (JoinRequest.read(join.payload(), Topics.subTopic(topic))) {
            case JoinReading.Unreadable unreadable -> new Refused(unreadable.refusal());
            case JoinRequest request -> decide(request, channels);
        };
    }

    private JoinResult decide(JoinRequest request, int channels) {
        if (services.draining().getAsBoolean()) {
            return refused(ErrorCode.RESTARTING);
        }
        if (channels >= services.limits().channelsMax()) {
            return refused(ErrorCode.CHANNELS_TOO_MANY);
        }
        if (request.bindings().size() > services.limits().bindingsMax()) {
            return refused(ErrorCode.BINDINGS_TOO_MANY, services.limits().bindingsMax());
        }
        String token = request.token().orElse(connectionToken);
        return switch (services.verifier().verify(token)) {
            case TokenVerdict.Rejected rejected -> new Refused(rejected.refusal());
            case TokenVerdict.Verified verified -> decide(request, new Credential(token, verified));
        };
    }

    private static JoinResult decide(JoinRequest request, Credential credential) {
        if (request.isPrivate()) {
            return refused(ErrorCode.PRIVATE_UNAVAILABLE);
        }
        return request.replay() ? refused(ErrorCode.REPLAY_ON_PUBLIC) : new Accepted(request, credential);
    }

    private static Refused refused(ErrorCode code, Object... blanks) {
        return new Refused(code.refusal(blanks));
    }
}
