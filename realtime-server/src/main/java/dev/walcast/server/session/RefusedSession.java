package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.channel.Services;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.CloseReason;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.SocketListener;
import java.time.Duration;
import java.util.concurrent.Future;

/// A socket whose token is refused, opened only to say why: a page in a browser can read neither the status nor the
/// body of a refused upgrade, and its client hands the error reply to a join on to the application.
///
/// Nothing can be joined here. The answers come as late as those to other refused joins, and the socket is closed
/// after a while, so that a client does not come back sooner than after a refused upgrade.
final class RefusedSession implements SocketListener {
    private static final int MESSAGE_BYTES_MAX = 64 * 1024;
    private static final int MESSAGES_MAX = 1_000;
    private static final int WAITING_MAX = 50;
    private static final int NAME_LENGTH_MAX = 255;

    private final Services services;
    private final Serializer serializer;
    private final Refusal refusal;
    private final Outbox outbox;
    private final Runnable whenClosed;
    private final Future<?> end;
    private final WaitingRefusals waiting;
    private int messages;

    /// @param lifetime how long the socket stays open
    RefusedSession(
            Services services,
            Serializer serializer,
            Refusal refusal,
            Outbox outbox,
            Duration lifetime,
            Runnable whenClosed) {
        this.services = requireNonNull(services, "services is null");
        this.serializer = requireNonNull(serializer, "serializer is null");
        this.refusal = requireNonNull(refusal, "refusal is null");
        this.outbox = requireNonNull(outbox, "outbox is null");
        this.whenClosed = requireNonNull(whenClosed, "whenClosed is null");
        this.waiting = new WaitingRefusals(
                services.timers(),
                services.limits().joinRefusalDelay(),
                WAITING_MAX,
                outbox.memory(),
                (address, why) -> reply(address, Payload.error(why)));
        this.end = services.timers().after(lifetime, () -> outbox.close(CloseReason.TOKEN_REFUSED));
    }

    @Override
    public int messageBytesMax() {
        return MESSAGE_BYTES_MAX;
    }

    @Override
    public void onText(byte[] utf8) {
        if (!takeMessage()) {
            return;
        }
        switch (serializer.decodeText(utf8)) {
            case Message.Heartbeat(Address address) -> reply(address.withoutJoinRef(), Payload.ok());
            case Message.Leave(Address address) -> reply(address, Payload.ok());
            case Message.Join join -> refuseLater(join.address());
            case Message.Push _, Message.Malformed _ -> services.stats().countDropped();
        }
    }

    @Override
    public void onBinary(byte[] bytes) {
        if (takeMessage()) {
            services.stats().countDropped();
        }
    }

    /// Counts a message; one too many closes the socket.
    ///
    /// @return whether it is handled
    private boolean takeMessage() {
        messages++;
        if (messages > MESSAGES_MAX) {
            outbox.close(CloseReason.TOKEN_REFUSED);
            return false;
        }
        return true;
    }

    @Override
    public void onClosed(CloseReason reason) {
        end.cancel(false);
        waiting.close();
        whenClosed.run();
    }

    private void refuseLater(Address address) {
        if (!isShort(address) || !waiting.add(address, refusal)) {
            services.stats().countDropped();
        }
    }

    /// What waits is held in memory.
    private static boolean isShort(Address address) {
        int refs = address.joinRef() == null ? 0 : address.joinRef().json().length();
        refs += address.ref() == null ? 0 : address.ref().json().length();
        return address.topic().text().length() <= NAME_LENGTH_MAX && refs <= NAME_LENGTH_MAX;
    }

    private void reply(Address address, Payload payload) {
        Outbox.Offer _ = outbox.offer(serializer.encode(address, "phx_reply", payload));
    }
}
