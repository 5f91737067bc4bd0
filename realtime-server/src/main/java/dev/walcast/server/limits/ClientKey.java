package dev.walcast.server.limits;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.Viewer;
import java.net.InetAddress;

/// Identifies a client among those that share the bounds of the server: a user by the `sub` of its token, any other
/// client by its address. The API key is no identity, because it is public.
///
/// @param text for comparison only; holds personal data, so it must not be logged
public record ClientKey(String text) {
    private static final int SUBJECT_CHARS_MAX = 256;

    public ClientKey {
        requireNonNull(text, "text is null");
    }

    /// @param address as [dev.walcast.server.socket.Handshake#address] gives it
    public static ClientKey of(Viewer viewer, String address) {
        return TokenSubject.of(viewer)
                .map(subject -> new ClientKey("user " + shortened(subject)))
                .orElseGet(() -> ofAddress(address));
    }

    /// @param address of IPv4 or IPv6; any other text identifies itself
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

    /// Without the text, for it must not reach a log.
    @Override
    public String toString() {
        return "ClientKey[]";
    }
}
