package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// Decides which upgrade requests become sockets.
public interface SocketAdmission {
    /// Admits or refuses a request. Called on the connection's own thread, which may block.
    Admission admit(Handshake handshake);

    sealed interface Admission {
        record Admitted(SocketOpener opener) implements Admission {
            public Admitted {
                requireNonNull(opener, "opener is null");
            }
        }

        /// @param body  JSON, or empty
        /// @param after the delay before the response is sent
        record Refused(int status, String body, Duration after) implements Admission {
            public Refused {
                requireNonNull(body, "body is null");
                requireNonNull(after, "after is null");
            }
        }
    }

    interface SocketOpener {
        SocketListener open(Outbox outbox);
    }
}
