package dev.walcast.server.channel;

import dev.walcast.server.access.ClientQuestions;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.protocol.Address;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.tasks.WaitingBytes;

/// What a channel needs of the socket that it was joined on. Safe for any thread.
public interface JoinedSocket {
    /// The protocol version that the socket's client speaks.
    Serializer serializer();

    /// What the socket's client may still do.
    ClientBudget budget();

    /// Asks the database about private topics for the socket's client.
    ClientQuestions questions();

    /// The bytes of messages that wait for the database.
    WaitingBytes waitingBytes();

    /// The queue of the socket. Offering never blocks, and a full outbox ends the socket by itself.
    Outbox outbox();

    /// The channel has ended: what its client sends to the topic does not reach it any more.
    void forget(Channel channel);

    /// Answers a join with a refusal after the delay of refused joins.
    void refuseLater(Address address, Refusal refusal);
}
