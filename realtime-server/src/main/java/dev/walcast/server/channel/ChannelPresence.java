package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.server.limits.PresenceBudget;
import dev.walcast.server.presence.PresenceKey;
import dev.walcast.server.presence.PresenceLimits;
import dev.walcast.server.presence.PresenceMember;
import dev.walcast.server.presence.TopicPresence;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Message;
import dev.walcast.server.protocol.Payload;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.request.PresencePush;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// A channel's part in the presence of its room: it takes a place there when it joins with presence enabled, or when
/// it first tracks. All but [#retire] is called by the thread that handles the channel's pushes, and nothing with the
/// channel's lock held.
final class ChannelPresence {
    /// What a push may have beside what it tracks.
    private static final int ENVELOPE_BYTES_MAX = 1_024;

    private final Channel channel;
    private final Services services;
    private final PresenceBudget budget;
    private final Rights rights;
    private final Object lock = new Object();

    @GuardedBy("lock")
    private @Nullable PresenceMember member;

    @GuardedBy("lock")
    private boolean retired;

    /// What the client may do with presence.
    ///
    /// @param read  asked when a state or diffs would begin to be sent
    /// @param write asked at each track; may take its time
    record Rights(BooleanSupplier read, BooleanSupplier write) {
        Rights {
            requireNonNull(read, "read is null");
            requireNonNull(write, "write is null");
        }
    }

    ChannelPresence(Channel channel, Services services, PresenceBudget budget, Rights rights) {
        this.channel = requireNonNull(channel, "channel is null");
        this.services = requireNonNull(services, "services is null");
        this.budget = requireNonNull(budget, "budget is null");
        this.rights = requireNonNull(rights, "rights is null");
    }

    /// After the join's answer, and whenever the right to read may have changed.
    void follow() {
        if (channel.request().presenceEnabled()) {
            member().ifPresent(this::listen);
        } else {
            current().ifPresent(this::listen);
        }
    }

    private void listen(PresenceMember listener) {
        if (rights.read.getAsBoolean()) {
            listener.presence().listen(listener);
        } else {
            listener.presence().stopListening(listener);
        }
    }

    /// What ends the channel before memory is taken to read the push.
    Optional<Refusal> refuseUnread(Message.Presence push) {
        int bytes = push.payload().length();
        // a push without an event does not count, and is parsed to know that: only a small one when nothing is left
        if (bytes > ENVELOPE_BYTES_MAX && budget.isEmpty()) {
            return Optional.of(budget.refusal());
        }
        return bytes > services.limits().payloadBytesMax() + ENVELOPE_BYTES_MAX
                ? Optional.of(ErrorCode.PRESENCE_TOO_LARGE.refusal())
                : Optional.empty();
    }

    /// After [#refuseUnread].
    void handle(Message.Presence push) {
        Address address = push.address();
        switch (PresencePush.read(push.payload())) {
            case PresencePush.Unreadable _ -> channel.reply(address, Payload.error());
            case PresencePush.Empty _ -> channel.reply(address, Payload.ok());
            case PresencePush.Event event -> handle(address, event);
        }
    }

    private void handle(Address address, PresencePush.Event event) {
        if (!budget.tryTrack()) {
            channel.closeBecause(budget.refusal());
            return;
        }
        switch (event) {
            case PresencePush.Track(byte[] meta) -> track(address, meta);
            case PresencePush.TrackNoObject _ ->
                channel.reply(address, Payload.error(ErrorCode.PRESENCE_NOT_AN_OBJECT.refusal()));
            case PresencePush.Untrack _ -> untrack(address);
            case PresencePush.Unknown _ -> channel.reply(address, Payload.error());
        }
    }

    private void track(Address address, byte[] meta) {
        if (!rights.write.getAsBoolean()) {
            channel.reply(address, Payload.error());
        } else {
            member().ifPresent(tracker -> track(address, tracker, meta));
        }
    }

    private void track(Address address, PresenceMember tracker, byte[] meta) {
        PresenceKey key = tracker.key();
        if (key.json().length + meta.length > services.limits().payloadBytesMax()) {
            channel.closeBecause(ErrorCode.PRESENCE_TOO_LARGE.refusal());
        } else if (key.isReserved()) {
            channel.reply(address, Payload.error(ErrorCode.PRESENCE_KEY_RESERVED.refusal(key.text())));
        } else {
            answer(address, tracker, tracker.presence().track(tracker, meta));
        }
    }

    private void answer(Address address, PresenceMember tracker, TopicPresence.Tracked tracked) {
        switch (tracked) {
            case DONE -> {
                channel.reply(address, Payload.ok());
                // a client that did not ask for presence at the join gets the state here, or it would never be in sync
                listen(tracker);
                tracker.presence().publishSoon();
            }
            case TOPIC_FULL -> channel.reply(address, Payload.error(full()));
            case NO_MEMORY -> channel.reply(address, Payload.error(ErrorCode.MEMORY_EXHAUSTED.refusal()));
        }
    }

    private Refusal full() {
        PresenceLimits limits = services.presence().limits();
        return ErrorCode.PRESENCE_ROOM_FULL.refusal(limits.metasMax(), limits.bytesMax());
    }

    private void untrack(Address address) {
        Optional<PresenceMember> tracker = current();
        tracker.ifPresent(t -> t.presence().untrack(t));
        channel.reply(address, Payload.ok());
        tracker.ifPresent(t -> t.presence().publishSoon());
    }

    /// The channel has ended; nothing follows.
    ///
    /// @param lost whether its client may come back
    void retire(boolean lost) {
        PresenceMember leaver;
        synchronized (lock) {
            retired = true;
            leaver = member;
            member = null;
        }
        if (leaver != null) {
            leaver.presence().leave(leaver, lost);
        }
    }

    private Optional<PresenceMember> current() {
        synchronized (lock) {
            return Optional.ofNullable(member);
        }
    }

    /// Nothing once the channel has ended.
    private Optional<PresenceMember> member() {
        synchronized (lock) {
            if (member == null && !retired) {
                PresenceKey key =
                        channel.request().presenceKey().map(PresenceKey::of).orElseGet(PresenceKey::generated);
                member = new PresenceMember(channel, services.presence().takePlace(channel.room()), key);
            }
            return Optional.ofNullable(member);
        }
    }
}
