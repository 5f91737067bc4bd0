package dev.walcast.server.protocol;

import dev.walcast.server.json.Slice;

/// What a client may send. Payloads are left as they came: they are parsed after the limits of the message are checked.
public sealed interface Message {
    /// Belongs to the socket, not to a channel.
    Topic HEARTBEATS = new Topic("phoenix");

    record Heartbeat(Address address) implements Message {}

    record Join(Address address, Slice payload) implements Message {}

    record Leave(Address address) implements Message {}

    /// What only a joined channel can handle.
    sealed interface Push extends Message {
        Address address();
    }

    record AccessToken(Address address, Slice payload) implements Push {}

    record Presence(Address address, Slice payload) implements Push {}

    /// Of changes, by the event `postgres_changes`.
    record Acknowledgement(Address address, Slice payload) implements Push {}

    record BroadcastPush(Address address, Broadcast content) implements Push {}

    /// A `broadcast` push whose payload is not an object.
    record UnreadableBroadcast(Address address) implements Push {}

    /// An event no channel knows.
    record Unknown(Address address, String event) implements Push {}

    /// A push or join whose payload is larger than any of its kind may be. The payload was not kept.
    ///
    /// @param payloadBytes about how long the payload is, to a few bytes
    record TooLarge(Address address, String event, int payloadBytes) implements Push {}

    /// Not a message of this protocol version. Dropped without an answer.
    ///
    /// @param why for the log; holds nothing of what the client sent
    record Malformed(String why) implements Message {}

    /// The message a text frame stands for.
    static Message of(Address address, String event, Slice payload) {
        return switch (event) {
            case "phx_join" -> new Join(address, payload);
            case "phx_leave" -> new Leave(address);
            case "access_token" -> new AccessToken(address, payload);
            case "presence" -> new Presence(address, payload);
            case "postgres_changes" -> new Acknowledgement(address, payload);
            case "broadcast" -> broadcast(address, payload);
            case "heartbeat" ->
                address.topic().equals(HEARTBEATS) ? new Heartbeat(address) : new Unknown(address, event);
            default -> new Unknown(address, event);
        };
    }

    private static Message broadcast(Address address, Slice payload) {
        if (!payload.isObject()) {
            return new UnreadableBroadcast(address);
        }
        return new BroadcastPush(address, new Broadcast.Text(address.topic(), payload));
    }
}
