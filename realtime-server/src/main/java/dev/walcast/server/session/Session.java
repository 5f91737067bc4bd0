package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.server.access.ClientQuestions;
import dev.walcast.server.channel.Channel;
import dev.walcast.server.channel.JoinResult;
import dev.walcast.server.channel.JoinRules;
import dev.walcast.server.channel.JoinedSocket;
import dev.walcast.server.channel.Services;
import dev.walcast.server.frames.EarlyLook;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.limits.TokenSubject;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.protocol.Topic;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.SocketListener;
import dev.walcast.server.tasks.WaitingBytes;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One socket as the protocol sees it: its version, its token and its channels. Messages are handled on the socket's
/// reader thread; only delayed answers and the end of channels come from elsewhere.
final class Session implements SocketListener, JoinedSocket {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// How many refused joins per allowed channel may wait for their answer; more are not answered.
    private static final int WAITING_REFUSALS_PER_CHANNEL = 10;

    /// How many messages of the largest size may wait for the database; of smaller ones more.
    private static final int WAITING_MESSAGES = 2;

    private final Services services;
    private final Serializer serializer;
    private final Outbox outbox;
    private final ClientBudget budget;
    private final ClientQuestions questions;
    private final WaitingBytes waitingBytes;
    private final WaitingRefusals waitingRefusals;
    private final JoinRules rules;
    private final EarlyLook look;
    private final Consumer<Session> whenClosed;
    private final Client client;
    private final String id;
    private final Instant since;
    private final Map<Topic, Channel> channels = new ConcurrentHashMap<>();

    /// @param budget closed when the socket is gone
    /// @param id     unique within the process
    Session(
            String id,
            Services services,
            Serializer serializer,
            Client client,
            ClientBudget budget,
            Outbox outbox,
            Consumer<Session> whenClosed) {
        this.services = requireNonNull(services, "services is null");
        this.id = requireNonNull(id, "id is null");
        this.client = requireNonNull(client, "client is null");
        this.since = services.clock().instant();
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.outbox = requireNonNull(outbox, "outbox is null");
        this.whenClosed = requireNonNull(whenClosed, "whenClosed is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.questions = new ClientQuestions(
                services.questions(), services.budget().shares(), client.address(), client.headers());
        this.waitingBytes =
                new WaitingBytes(WAITING_MESSAGES * services.limits().messageBytesMax(), outbox.memory());
        this.waitingRefusals = new WaitingRefusals(
                services.timers(),
                services.limits().joinRefusalDelay(),
                WAITING_REFUSALS_PER_CHANNEL * services.limits().channelsMax(),
                outbox.memory(),
                (address, refusal) -> reply(address, Payload.error(refusal)));
        this.rules = new JoinRules(services, serializer, client.token(), budget, outbox.memory());
        this.look = new LargeMessages(services.limits(), serializer, channels::containsKey);
    }

    @Override
    public void onText(byte[] utf8) {
        handle(serializer.decodeText(utf8), utf8.length);
    }

    @Override
    public EarlyLook earlyLook() {
        return look;
    }

    @Override
    public void onTooLarge(byte[] beginning, byte[] end, int bytes) {
        handle(serializer.decodeLarge(beginning, end, bytes), 0);
    }

    @Override
    public void onBinary(byte[] bytes) {
        handle(serializer.decodeBinary(bytes), bytes.length);
    }

    @Override
    public void onClosed(CloseReason reason) {
        channels.values().forEach(channel -> channel.shutDown(Channel.Parting.TO_RETURN));
        channels.clear();
        waitingRefusals.close();
        budget.close();
        whenClosed.accept(this);
    }

    /// What operators see of it.
    SocketView view() {
        List<String> topics =
                channels.keySet().stream().map(Topic::text).sorted().toList();
        return new SocketView(
                id,
                client.viewer().role(),
                TokenSubject.of(client.viewer()).orElse(null),
                client.address(),
                serializer.version(),
                since,
                topics,
                outbox.bytes(),
                outbox.memory().bytes());
    }

    /// Ends the socket after what is queued has been written.
    void disconnect() {
        announceDisconnect();
        outbox.close(CloseReason.DISCONNECTED_BY_OPERATOR);
    }

    void announceDisconnect() {
        channels.values().forEach(Channel::announceDisconnect);
    }

    @Override
    public Serializer serializer() {
        return serializer;
    }

    @Override
    public ClientBudget budget() {
        return budget;
    }

    @Override
    public ClientQuestions questions() {
        return questions;
    }

    /// The bytes of messages that wait for the database.
    @Override
    public WaitingBytes waitingBytes() {
        return waitingBytes;
    }

    @Override
    public Outbox outbox() {
        return outbox;
    }

    private void reply(Address address, Payload payload) {
        Outbox.Offer _ = outbox.offer(serializer.encode(address, "phx_reply", payload));
    }

    @Override
    public void forget(Channel channel) {
        channels.remove(channel.topic(), channel);
    }

    private void handle(Message message, int bytes) {
        switch (message) {
            case Message.Heartbeat(Address address) -> reply(address.withoutJoinRef(), Payload.ok());
            case Message.Join join -> guarded(join.address(), () -> join(join));
            case Message.Leave(Address address) -> guarded(address, () -> leave(address));
            case Message.TooLarge large
            when large.event().equals("phx_join") ->
                guarded(
                        large.address(),
                        () -> join(large.address(), () -> new JoinResult.Refused(rules.refuseLarge(large))));
            case Message.Push push -> push(push, bytes);
            case Message.Malformed(String why) -> {
                services.stats().countMalformed();
                LOG.debug("dropped a message: {}", why);
            }
        }
    }

    private void push(Message.Push push, int bytes) {
        Channel channel = channels.get(push.address().topic());
        if (channel == null) {
            replyUnmatched(push.address());
        } else {
            guarded(push.address(), () -> channel.receive(push, bytes));
        }
    }

    private void join(Message.Join join) {
        join(join.address(), () -> rules.decide(join, channels.size()));
    }

    private void join(Address address, Supplier<JoinResult> decision) {
        if (!address.topic().isNamed()) {
            replyUnmatched(address);
            return;
        }
        Channel superseded = channels.remove(address.topic());
        OutboundFrame close = superseded == null ? null : superseded.shutDown(Channel.Parting.TO_RETURN);
        switch (decision.get()) {
            case JoinResult.Accepted accepted -> open(address, accepted);
            case JoinResult.Refused(Refusal refusal) -> refuseLater(address, refusal);
        }
        // without a join ref it could not be told from one for the channel that took its place
        if (superseded != null && close != null && superseded.joinRef() != null) {
            Outbox.Offer _ = outbox.offer(close);
        }
    }

    private void open(Address address, JoinResult.Accepted accepted) {
        Channel channel;
        try {
            channel = new Channel(services, this, address, accepted);
        } catch (RuntimeException | Error e) {
            rules.giveBack(accepted);
            throw e;
        }
        channels.put(channel.topic(), channel);
        services.stats().countJoined();
        channel.open();
    }

    /// Clients that are refused try again at once; the wait slows them down without holding up their socket.
    @Override
    public void refuseLater(Address address, Refusal refusal) {
        LOG.debug("refused a join: {}", refusal.code());
        services.stats().countRefusedJoin(refusal.code());
        if (!waitingRefusals.add(address, refusal)) {
            services.stats().countDropped();
        }
    }

    private void leave(Address address) {
        Channel channel = channels.get(address.topic());
        if (channel != null && !isMeantFor(channel, address)) {
            return;
        }
        if (channel != null) {
            forget(channel);
        }
        if (channel == null || !channel.leave(address)) {
            reply(address, Payload.ok());
        }
    }

    /// Some clients leave without a join ref; only a wrong one is not meant for this channel.
    private static boolean isMeantFor(Channel channel, Address address) {
        return address.joinRef() == null
                || channel.joinRef() == null
                || address.joinRef().hasTextOf(channel.joinRef());
    }

    private void replyUnmatched(Address address) {
        reply(address.withoutJoinRef(), Payload.error(ErrorCode.TOPIC_UNMATCHED.refusal()));
    }

    /// One channel's accident stays its own.
    private void guarded(Address address, Runnable action) {
        try {
            action.run();
        } catch (RuntimeException | Error e) {
            FatalErrors.check(e);
            LOG.error("a channel failed", e);
            Channel channel = channels.remove(address.topic());
            if (channel == null) {
                refuseLater(address, ErrorCode.JOIN_CRASHED.refusal());
            } else {
                channel.crash();
            }
        }
    }
}
