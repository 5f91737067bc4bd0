package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import java.net.InetAddress;

/// Identifies the client that uses a share of the server's bounds: a user by the `sub` of its token, any other client
/// by its address. The API key does not identify a client, because it is public.
///
/// @param text for comparison only; holds personal data and must not be logged
public record ClientKey(String text) {
    private static final int SUBJECT_CHARS_MAX = 256;

    public ClientKey {
        requireNonNull(text, "text is null");
    }

    /// @param address as [dev.walcast.server.socket.Handshake#address] returns it
    public static ClientKey of(Viewer viewer, String address) {
        return TokenSubject.of(viewer)
                .map(subject -> new ClientKey("user " + shortened(subject)))
                .orElseGet(() -> ofAddress(address));
    }

    /// @param address an IPv4 or IPv6 address; any other text is used as it is
    public static ClientKey ofAddress(String address) {
        return new ClientKey("address " + network(address));
    }

    private static String shortened(String subject) {
        return subject.length() <= SUBJECT_CHARS_MAX
                ? subject
                : subject.substring(0, SUBJECT_CHARS_MAX) + '#' + subject.hashCode();
    }

    private static String network(String address) {
        try {
            // an IPv4 address in the form of IPv6 is parsed to IPv4
            return ClientAddress.of(InetAddress.ofLiteral(address)).text();
        } catch (IllegalArgumentException _) {
            return shortened(address);
        }
    }

    /// Without the text, because it must not be logged.
    @Override
    public String toString() {
        return "ClientKey[]";
    }
}
