package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// One open socket, for operators. Holds nothing of its token but the role and the user.
///
/// @param id          unique within the process
/// @param role        of the token that the socket was opened with
/// @param subject     the `sub` of that token; null when it has none
/// @param address     of the client
/// @param version     of the protocol
/// @param topics      that it has joined, sorted
/// @param queuedBytes that wait to be written to it
/// @param heldBytes   that it makes the server hold
public record SocketView(
        String id,
        String role,
        @Nullable String subject,
        String address,
        String version,
        Instant since,
        List<String> topics,
        long queuedBytes,
        long heldBytes) {
    public SocketView {
        requireNonNull(id, "id is null");
        requireNonNull(role, "role is null");
        requireNonNull(address, "address is null");
        requireNonNull(version, "version is null");
        requireNonNull(since, "since is null");
        topics = List.copyOf(topics);
    }
}
