package dev.walcast.server.channel;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.PrivateRights;
import dev.walcast.server.access.TopicQuestions;
import dev.walcast.server.acks.Cursors;
import dev.walcast.server.auth.TokenVerifier;
import dev.walcast.server.feed.ChangeFeed;
import dev.walcast.server.feed.Envelopes;
import dev.walcast.server.limits.ServerBudget;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.presence.TopicPresences;
import dev.walcast.server.socket.SocketStats;
import dev.walcast.server.tasks.Timers;
import dev.walcast.server.topic.Hub;
import java.time.Clock;
import java.util.function.BooleanSupplier;

/// What every session and channel of one server works with.
///
/// @param databaseBroadcasts whether broadcasts from the database arrive right now
/// @param draining whether the server is stopping, so that all joins are refused
public record Services(
        SocketLimits limits,
        SocketStats stats,
        TokenVerifier verifier,
        ChangeFeed feed,
        Cursors cursors,
        Clock clock,
        Hub hub,
        TopicPresences presence,
        Timers timers,
        TopicQuestions questions,
        PrivateRights privateRights,
        ServerBudget budget,
        Envelopes envelopes,
        BooleanSupplier databaseBroadcasts,
        BooleanSupplier draining) {
    public Services {
        requireNonNull(limits, "limits is null");
        requireNonNull(stats, "stats is null");
        requireNonNull(verifier, "verifier is null");
        requireNonNull(feed, "feed is null");
        requireNonNull(cursors, "cursors is null");
        requireNonNull(clock, "clock is null");
        requireNonNull(hub, "hub is null");
        requireNonNull(presence, "presence is null");
        requireNonNull(timers, "timers is null");
        requireNonNull(questions, "questions is null");
        requireNonNull(privateRights, "privateRights is null");
        requireNonNull(budget, "budget is null");
        requireNonNull(envelopes, "envelopes is null");
        requireNonNull(databaseBroadcasts, "databaseBroadcasts is null");
        requireNonNull(draining, "draining is null");
    }
}
