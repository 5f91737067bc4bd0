package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.supervisor.FatalErrors;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.OutboundFrame;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.SocketListener;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One socket as the protocol sees it: its version, its token and its channels. Messages are handled on the socket's
/// reader thread; only delayed answers and the end of channels come from elsewhere.
final class Session implements SocketListener {
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
    private final Semaphore waitingBytes;
    private final JoinRules rules;
    private final Consumer<Session> whenClosed;
    private final Map<String, Channel> channels = new ConcurrentHashMap<>();
    private final AtomicInteger waitingRefusals = new AtomicInteger();

    Session(Services services, Serializer serializer, Client client, Outbox outbox, Consumer<Session> whenClosed) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.outbox = requireNonNull(outbox, "outbox is null");
        this.whenClosed = requireNonNull(whenClosed, "whenClosed is null");
        this.budget = new ClientBudget(services.budget(), client.viewer(), client.address());
        this.questions = new ClientQuestions(
                services.questions(), services.budget().shares(), client.address(), client.headers());
        this.waitingBytes = new Semaphore(WAITING_MESSAGES * services.limits().messageBytesMax());
        this.rules = new JoinRules(services, serializer, client.token(), budget);
    }

    @Override
    public void onText(byte[] utf8) {
        handle(serializer.decodeText(utf8), utf8.length);
    }

    @Override
    public void onBinary(byte[] bytes) {
        handle(serializer.decodeBinary(bytes), bytes.length);
    }

    @Override
    public void onClosed(CloseReason reason) {
        channels.values().forEach(channel -> channel.shutDown(Channel.Parting.TO_RETURN));
        channels.clear();
        budget.close();
        whenClosed.accept(this);
    }

    void announceDisconnect() {
        channels.values().forEach(Channel::announceDisconnect);
    }

    Serializer serializer() {
        return serializer;
    }

    ClientBudget budget() {
        return budget;
    }

    ClientQuestions questions() {
        return questions;
    }

    /// How many bytes of messages may still wait for the database.
    Semaphore waitingBytes() {
        return waitingBytes;
    }

    OutboundFrame encode(Address address, String event, Payload payload) {
        return serializer.encode(address, event, payload);
    }

    void offer(Address address, String event, Payload payload) {
        offer(encode(address, event, payload));
    }

    /// A full outbox ends this socket by itself; nobody else needs to know.
    void offer(OutboundFrame frame) {
        Outbox.Offer _ = outbox.offer(frame);
    }

    boolean hasRoom() {
        return outbox.hasRoom();
    }

    /// Returns when most of what was offered is written, or the socket ends.
    void awaitRoom() throws InterruptedException {
        outbox.awaitRoom();
    }

    void forget(Channel channel) {
        channels.remove(channel.topic(), channel);
    }

    private void handle(Message message, int bytes) {
        switch (message) {
            case Message.Heartbeat(Address address) -> offer(address.withoutJoinRef(), "phx_reply", Payload.ok());
            case Message.Join join -> guarded(join.address(), () -> join(join));
            case Message.Leave(Address address) -> guarded(address, () -> leave(address));
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
        Address address = join.address();
        if (!Topics.isJoinable(address.topic())) {
            replyUnmatched(address);
            return;
        }
        Channel superseded = channels.remove(address.topic());
        OutboundFrame close = superseded == null ? null : superseded.shutDown(Channel.Parting.TO_RETURN);
        switch (rules.decide(join, channels.size())) {
            case JoinResult.Accepted accepted -> open(new Channel(services, this, address, accepted));
            case JoinResult.Refused(Refusal refusal) -> refuseLater(address, refusal);
        }
        // without a join ref it could not be told from one for the channel that took its place
        if (superseded != null && close != null && superseded.joinRef() != null) {
            offer(close);
        }
    }

    private void open(Channel channel) {
        channels.put(channel.topic(), channel);
        channel.open();
    }

    /// Clients that are refused try again at once; the wait slows them down without holding up their socket.
    void refuseLater(Address address, Refusal refusal) {
        LOG.debug("refused a join: {}", refusal.code());
        if (waitingRefusals.incrementAndGet()
                > WAITING_REFUSALS_PER_CHANNEL * services.limits().channelsMax()) {
            waitingRefusals.decrementAndGet();
            services.stats().countDropped();
            return;
        }
        Future<?> _ = services.timers().after(services.limits().joinRefusalDelay(), () -> {
            waitingRefusals.decrementAndGet();
            offer(address, "phx_reply", Payload.error(refusal));
        });
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
            offer(address, "phx_reply", Payload.ok());
        }
    }

    /// Some clients leave without a join ref; only a wrong one is not meant for this channel.
    private static boolean isMeantFor(Channel channel, Address address) {
        return address.joinRef() == null
                || channel.joinRef() == null
                || address.joinRef().equals(channel.joinRef());
    }

    private void replyUnmatched(Address address) {
        offer(address.withoutJoinRef(), "phx_reply", Payload.error(ErrorCode.TOPIC_UNMATCHED.refusal()));
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
