package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.server.acks.Acknowledgements;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.JoinResult.Accepted;
import dev.walcast.server.channel.JoinResult.Refused;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.presence.PresenceKey;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.request.JoinReading;
import dev.walcast.server.request.JoinRequest;
import dev.walcast.server.request.ReplayRequest;
import dev.walcast.server.request.SentBindings;
import java.util.Optional;

/// The checks a join has to pass, in the order in which clients may see them fail.
public final class JoinRules {
    private final Services services;
    private final Serializer serializer;
    private final String connectionToken;
    private final ClientBudget budget;

    public JoinRules(Services services, Serializer serializer, String connectionToken, ClientBudget budget) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.connectionToken = requireNonNull(connectionToken, "connectionToken is null");
        this.budget = requireNonNull(budget, "budget is null");
    }

    /// Whoever is accepted has taken a seat of the budget.
    ///
    /// @param channels how many the socket has besides this one
    public JoinResult decide(Message.Join join, int channels) {
        Optional<Refusal> tooFast = budget.join();
        return tooFast.isPresent() ? new Refused(tooFast.get()) : read(join, channels);
    }

    private JoinResult read(Message.Join join, int channels) {
        Topic topic = join.address().topic();
        if (topic.name().isEmpty()) {
            return refused(ErrorCode.TOPIC_NAME_REQUIRED);
        }
        int topicBytes = topic.bytes();
        if (topicBytes > serializer.topicBytesMax()) {
            return over(ErrorCode.TOPIC_TOO_LONG, serializer.topicBytesMax(), topicBytes);
        }
        int bytesMax = services.limits().joinBytesMax();
        int bytes = join.payload().length();
        if (bytes > bytesMax) {
            return new Refused(ErrorCode.JOIN_TOO_LARGE.refusal(bytes, bytesMax).over(bytesMax, bytes));
        }
        return switch (JoinRequest.read(join.payload(), topic, services.limits().bindingsMax())) {
            case JoinReading.Unreadable unreadable -> new Refused(unreadable.refusal());
            case JoinRequest request ->
                decide(services.presence().limits().forAll() ? request.withPresence() : request, channels);
        };
    }

    private JoinResult decide(JoinRequest request, int channels) {
        if (services.draining().getAsBoolean()) {
            return refused(ErrorCode.RESTARTING);
        }
        if (services.limits().clients().privateOnly() && !request.isPrivate()) {
            return refused(ErrorCode.PRIVATE_ONLY);
        }
        if (channels >= services.limits().channelsMax()) {
            return over(ErrorCode.CHANNELS_TOO_MANY, services.limits().channelsMax(), channels);
        }
        int keyBytes =
                request.presenceKey().map(key -> key.getBytes(UTF_8).length).orElse(0);
        if (keyBytes > PresenceKey.BYTES_MAX) {
            return over(ErrorCode.PRESENCE_KEY_TOO_LONG, PresenceKey.BYTES_MAX, keyBytes);
        }
        if (request.bindings() instanceof SentBindings.TooMany(int bindings)) {
            return over(ErrorCode.BINDINGS_TOO_MANY, services.limits().bindingsMax(), bindings);
        }
        String token = request.token().orElse(connectionToken);
        return switch (services.verifier().verify(token)) {
            case TokenVerdict.Rejected rejected -> new Refused(rejected.refusal());
            case TokenVerdict.Verified verified -> decide(request, new Credential(token, verified));
        };
    }

    private JoinResult decide(JoinRequest request, Credential credential) {
        if (!request.isPrivate() && !(request.replay() instanceof ReplayRequest.Absent)) {
            return refused(ErrorCode.REPLAY_ON_PUBLIC);
        }
        Optional<Refusal> unacknowledged = Acknowledgements.problem(
                request.bindings().requests(), credential.verified().viewer());
        if (unacknowledged.isPresent()) {
            return new Refused(unacknowledged.get());
        }
        return budget.takeSeat(credential.verified().viewer())
                .<JoinResult>map(Refused::new)
                .orElseGet(() -> new Accepted(request, credential));
    }

    private static Refused refused(ErrorCode code) {
        return new Refused(code.refusal());
    }

    private static Refused over(ErrorCode code, int limit, int current) {
        return new Refused(code.refusal(limit).over(limit, current));
    }
}
