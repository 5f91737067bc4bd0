package dev.walcast.server.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.protocol.Broadcast;
import dev.walcast.server.protocol.Topic;
import java.time.Instant;
import java.util.List;

/// The stored broadcasts of private topics, which a join may ask to hear again. Calls block; safe for any thread.
public interface MessageHistory {
    /// One stored broadcast.
    ///
    /// @param id      a UUID
    /// @param payload JSON text or raw bytes, as the encoding says; shared, never written to
    record StoredMessage(String id, String event, Broadcast.Encoding encoding, byte[] payload) {
        public StoredMessage {
            requireNonNull(id, "id is null");
            requireNonNull(event, "event is null");
            requireNonNull(encoding, "encoding is null");
            requireNonNull(payload, "payload is null");
        }
    }

    /// The newest messages since then, the oldest of them first.
    ///
    /// @throws HistoryException when the database could not say
    List<StoredMessage> since(Topic topic, Instant since, int limit) throws HistoryException;

    /// The stored messages could not be read. The message is for the log.
    final class HistoryException extends Exception {
        private static final long serialVersionUID = 1L;

        public HistoryException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
