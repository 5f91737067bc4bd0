package dev.walcast.server.feed;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.request.BindingRequest;

/// A binding of a channel, or of a stream.
///
/// @param id between 1 and 2^31-1, the same for the channel's life
public record Binding(int id, BindingRequest request) {
    public Binding {
        requireNonNull(request, "request is null");
    }
}
