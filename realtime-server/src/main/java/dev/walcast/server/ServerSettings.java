package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.server.acks.AckLimits;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.memory.MemoryLimits;
import dev.walcast.server.presence.PresenceLimits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Everything a server is told at its start; nothing changes afterwards.
///
/// @param database    which database, and what of it
/// @param tokens      what clients' tokens are measured by
/// @param host        the address to listen on
/// @param port        0 picks a free one
/// @param replay      how much of the past is at hand for clients that come back
/// @param recordBytesMax of one change; beyond it only small values are sent
/// @param restMessagesPerSecond broadcasts over HTTP of one caller
/// @param acks        how many cursors of acknowledged changes are kept
/// @param addresses   what one client address is allowed
/// @param memory      how much clients may make the server hold
public record ServerSettings(
        Database database,
        TokenRules tokens,
        String host,
        int port,
        ReplayLimits replay,
        int recordBytesMax,
        int restMessagesPerSecond,
        SocketLimits limits,
        PresenceLimits presence,
        AckLimits acks,
        AddressLimits addresses,
        MemoryLimits memory) {
    public ServerSettings {
        requireNonNull(database, "database is null");
        requireNonNull(tokens, "tokens is null");
        requireNonNull(host, "host is null");
        requireNonNull(replay, "replay is null");
        requireNonNull(limits, "limits is null");
        requireNonNull(presence, "presence is null");
        requireNonNull(acks, "acks is null");
        requireNonNull(addresses, "addresses is null");
        requireNonNull(memory, "memory is null");
    }

    /// What reads the replication slot. Positions are the same, so it may change between two starts.
    public enum Reader {
        DEBEZIUM,
        NATIVE
    }

    /// @param url                    `postgres://user:password@host:port/database`; holds the password
    /// @param pollInterval           how often Debezium looks for changes: the floor of latency against idle
    ///                               CPU
    /// @param transactionMemoryBytes beyond which a transaction under way is spilled to a temporary file
    /// @param evaluationUrl          whom policies and filters are evaluated as; null for the login in `url`
    /// @param askTimeout             how long Postgres may work on a question about a change, the first time
    /// @param askPatience            how long on all statements about one policy, in one round of questions
    /// @param deletes                who hears of deleted rows under row-level security
    /// @param guardian               how the slot is watched
    /// @param messagesRetention      how long stored broadcasts are kept
    /// @param rights                 how rights are kept up to date, and what may wait for them
    public record Database(
            Secret url,
            String publication,
            String slotName,
            Reader reader,
            Duration pollInterval,
            long transactionMemoryBytes,
            Duration askTimeout,
            RowGuard.Deletes deletes,
            SlotGuardian.Settings guardian,
            Duration messagesRetention,
            @Nullable Secret evaluationUrl,
            Duration askPatience,
            RightsSettings rights) {
        public Database {
            requireNonNull(url, "url is null");
            requireNonNull(publication, "publication is null");
            requireNonNull(slotName, "slotName is null");
            requireNonNull(reader, "reader is null");
            requireNonNull(pollInterval, "pollInterval is null");
            requireNonNull(askTimeout, "askTimeout is null");
            requireNonNull(deletes, "deletes is null");
            requireNonNull(guardian, "guardian is null");
            requireNonNull(messagesRetention, "messagesRetention is null");
            requireNonNull(askPatience, "askPatience is null");
            requireNonNull(rights, "rights is null");
        }
    }
}
