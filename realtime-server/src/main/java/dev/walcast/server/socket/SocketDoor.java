package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.time.Duration;

/// Decides who gets a socket.
public interface SocketDoor {
    /// Called on the connection's own thread; may take its time, and holds up nobody else.
    Admission admit(Handshake handshake);

    sealed interface Admission {
        record Admitted(SocketOpener opener) implements Admission {
            public Admitted {
                requireNonNull(opener, "opener is null");
            }
        }

        /// @param body  JSON, or empty
        /// @param after how long to keep the client waiting for the answer
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
