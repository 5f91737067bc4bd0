package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.slot.SlotGuardian;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.server.acks.AckLimits;
import dev.walcast.server.admin.AdminSettings;
import dev.walcast.server.auth.TokenRules;
import dev.walcast.server.front.AddressLimits;
import dev.walcast.server.limits.ReplayLimits;
import dev.walcast.server.limits.SocketLimits;
import dev.walcast.server.log.Secret;
import dev.walcast.server.memory.MemoryLimits;
import dev.walcast.server.presence.PresenceLimits;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// The settings of a server. They do not change after its start.
///
/// @param database    the database, and how it is read
/// @param tokens      the rules for clients' tokens
/// @param host        the address to listen on
/// @param port        0 picks a free one
/// @param replay      how much of the past is kept for clients that reconnect
/// @param recordBytesMax largest change; of a larger one only small values are sent
/// @param restMessagesPerSecond broadcasts over HTTP of one caller in a second
/// @param acks        how many cursors of acknowledged changes are kept
/// @param addresses   limits of one client address
/// @param memory      how much memory clients may make the server hold
/// @param admin       the admin port; null when there is none
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
        MemoryLimits memory,
        @Nullable AdminSettings admin) {
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

    /// Without an admin port.
    public ServerSettings(
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
        this(
                database,
                tokens,
                host,
                port,
                replay,
                recordBytesMax,
                restMessagesPerSecond,
                limits,
                presence,
                acks,
                addresses,
                memory,
                null);
    }

    /// The same with this admin port; null for none.
    public ServerSettings withAdmin(@Nullable AdminSettings other) {
        return new ServerSettings(
                database,
                tokens,
                host,
                port,
                replay,
                recordBytesMax,
                restMessagesPerSecond,
                limits,
                presence,
                acks,
                addresses,
                memory,
                other);
    }

    /// The reader of the replication slot. Both use the same positions, so it may change between two starts.
    public enum Reader {
        DEBEZIUM,
        NATIVE
    }

    /// @param url                    `postgres://user:password@host:port/database`; contains the password
    /// @param pollInterval           how often Debezium polls for changes; shorter means lower latency and
    ///                               more idle CPU
    /// @param transactionMemoryBytes a larger transaction is written to a temporary file while it is collected
    /// @param evaluationUrl          the login that evaluates policies and filters; null for the login in `url`
    /// @param askTimeout             how long Postgres may work on a question about a change, the first time
    /// @param askPatience            how long Postgres may work on all statements about one policy in one round
    /// @param deletes                which clients receive DELETEs under row-level security
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
            RowGuard.DeleteVisibility deletes,
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
