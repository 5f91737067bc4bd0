package dev.walcast.server.rights;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;
import java.util.Set;

/// The actions and received messages of a client, in order. Times are `System.nanoTime()`.
sealed interface ClientEvent {
    long at();

    /// `Subscribed to PostgreSQL`.
    ///
    /// @param outcomes of the bindings that named a place or asked for rows, by binding
    record Live(long at, String position, Map<Integer, String> outcomes) implements ClientEvent {}

    /// @param bindings to which it was delivered
    record Changed(long at, Set<Integer> bindings, JsonNode data) implements ClientEvent {}

    record Rows(long at, int binding, JsonNode rows) implements ClientEvent {}

    /// Something may be missing from here on, and the client knows.
    ///
    /// @param bindings empty for all
    record Trouble(long at, Set<Integer> bindings, String text) implements ClientEvent {}

    /// The client sent another token.
    record TokenPushed(long at, TestViewer viewer, int number) implements ClientEvent {}

    /// The server answered a heartbeat that was sent behind the token of that number.
    record Fence(long at, int number) implements ClientEvent {}
}
