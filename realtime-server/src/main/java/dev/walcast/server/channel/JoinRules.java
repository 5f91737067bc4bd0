package dev.walcast.server.channel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import dev.walcast.server.acks.Acknowledgements;
import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.JoinResult.Accepted;
import dev.walcast.server.channel.JoinResult.Refused;
import dev.walcast.server.json.Json;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.memory.MemoryAccount;
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

/// The checks of a join, in the order in which clients see them fail.
public final class JoinRules {
    /// What a channel without bindings costs. Measured: see `docs/sizing.md`.
    private static final long CHANNEL_BYTES = 5 * 1024;

    /// What the bindings of a join become takes so many times the join's bytes.
    private static final long CHANNEL_FACTOR = 6;

    private final Services services;
    private final Serializer serializer;
    private final String connectionToken;
    private final ClientBudget budget;
    private final MemoryAccount memory;

    /// @param memory counts what the socket makes the server hold
    public JoinRules(
            Services services,
            Serializer serializer,
            String connectionToken,
            ClientBudget budget,
            MemoryAccount memory) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.connectionToken = requireNonNull(connectionToken, "connectionToken is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.memory = requireNonNull(memory, "memory is null");
    }

    /// Decides about a join. An accepted one has taken a seat of the budget and the memory of a channel.
    ///
    /// @param channels how many the socket has besides this one
    public JoinResult decide(Message.Join join, int channels) {
        JoinResult result = checked(join, channels);
        if (result instanceof Accepted accepted && !memory.tryHold(accepted.memoryBytes())) {
            budget.giveSeatBack();
            return refused(ErrorCode.MEMORY_EXHAUSTED);
        }
        return result;
    }

    /// Undoes what an accepted join has taken. To be called when its channel could not be made.
    public void giveBack(Accepted accepted) {
        memory.release(accepted.memoryBytes());
        budget.giveSeatBack();
    }

    private JoinResult checked(Message.Join join, int channels) {
        // a payload that is too large is not parsed, and needs no memory for a tree
        boolean isParsed = join.payload().length() <= services.limits().joinBytesMax();
        long treeBytes = isParsed ? Json.treeBytes(join.payload()) : 0;
        try (MemoryAccount.Reservation parsing = memory.reserve(treeBytes)) {
            return parsing == null
                    ? refused(ErrorCode.MEMORY_EXHAUSTED)
                    : problem(join).<JoinResult>map(Refused::new).orElseGet(() -> read(join, channels));
        }
    }

    /// Why the join is not read.
    private Optional<Refusal> problem(Message.Join join) {
        Optional<Refusal> tooFast = budget.join();
        if (tooFast.isPresent()) {
            return tooFast;
        }
        Topic topic = join.address().topic();
        if (topic.name().isEmpty()) {
            return Optional.of(ErrorCode.TOPIC_NAME_REQUIRED.refusal());
        }
        int topicBytes = topic.bytes();
        if (topicBytes > serializer.topicBytesMax()) {
            return over(ErrorCode.TOPIC_TOO_LONG, serializer.topicBytesMax(), topicBytes);
        }
        int bytesMax = services.limits().joinBytesMax();
        int bytes = join.payload().length();
        return bytes > bytesMax
                ? Optional.of(ErrorCode.JOIN_TOO_LARGE.refusal(bytes, bytesMax).over(bytesMax, bytes))
                : Optional.empty();
    }

    private JoinResult read(Message.Join join, int channels) {
        int bindingsMax = services.limits().bindingsMax();
        return switch (JoinRequest.read(join.payload(), join.address().topic(), bindingsMax)) {
            case JoinReading.Unreadable(Refusal refusal) -> new Refused(refusal);
            case JoinRequest read -> {
                JoinRequest request = services.presence().limits().forAll() ? read.withPresence() : read;
                long memoryBytes =
                        CHANNEL_BYTES + CHANNEL_FACTOR * join.payload().length();
                yield problem(request, channels)
                        .<JoinResult>map(Refused::new)
                        .orElseGet(() -> verified(request, memoryBytes));
            }
        };
    }

    /// Why a join that asks for this is refused.
    private Optional<Refusal> problem(JoinRequest request, int channels) {
        if (services.draining().getAsBoolean()) {
            return Optional.of(ErrorCode.RESTARTING.refusal());
        }
        if (services.limits().clients().privateOnly() && !request.isPrivate()) {
            return Optional.of(ErrorCode.PRIVATE_ONLY.refusal());
        }
        if (channels >= services.limits().channelsMax()) {
            return over(ErrorCode.CHANNELS_TOO_MANY, services.limits().channelsMax(), channels);
        }
        int keyBytes =
                request.presenceKey().map(key -> key.getBytes(UTF_8).length).orElse(0);
        if (keyBytes > PresenceKey.BYTES_MAX) {
            return over(ErrorCode.PRESENCE_KEY_TOO_LONG, PresenceKey.BYTES_MAX, keyBytes);
        }
        return request.bindings() instanceof SentBindings.TooMany(int bindings)
                ? over(ErrorCode.BINDINGS_TOO_MANY, services.limits().bindingsMax(), bindings)
                : Optional.empty();
    }

    private JoinResult verified(JoinRequest request, long memoryBytes) {
        String token = request.token().orElse(connectionToken);
        return switch (services.verifier().verify(token)) {
            case TokenVerdict.Rejected rejected -> new Refused(rejected.refusal());
            case TokenVerdict.Verified verified ->
                problem(request, verified.viewer())
                        .<JoinResult>map(Refused::new)
                        .orElseGet(() -> new Accepted(request, new Credential(token, verified), memoryBytes));
        };
    }

    /// Why this viewer's join is refused. Takes a seat of the budget when it is not.
    private Optional<Refusal> problem(JoinRequest request, Viewer viewer) {
        if (!request.isPrivate() && !(request.replay() instanceof ReplayRequest.Absent)) {
            return Optional.of(ErrorCode.REPLAY_ON_PUBLIC.refusal());
        }
        return Acknowledgements.problem(request.bindings().requests(), viewer).or(() -> budget.takeSeat(viewer));
    }

    private static Refused refused(ErrorCode code) {
        return new Refused(code.refusal());
    }

    private static Optional<Refusal> over(ErrorCode code, int limit, int current) {
        return Optional.of(code.refusal(limit).over(limit, current));
    }
}
