package dev.walcast.server.socket;

import static java.util.Objects.requireNonNull;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/// The parts of an upgrade request that describe the client.
///
/// @param query       returns a decoded query parameter by its name
/// @param header      returns a header by its lower-case name
/// @param headerNames the lower-case names of all headers
/// @param address     the client's IP address as text, without a port
public record Handshake(
        Function<String, Optional<String>> query,
        Function<String, Optional<String>> header,
        List<String> headerNames,
        String address) {
    public Handshake {
        headerNames = List.copyOf(headerNames);
        requireNonNull(query, "query is null");
        requireNonNull(header, "header is null");
        requireNonNull(address, "address is null");
    }
}
