package dev.walcast.server.front;

/// Where a connection is in its requests.
enum Phase {
    /// The head of a request is not complete, or has not begun.
    HEAD,
    /// A request is answered; its body may still be on its way.
    REQUEST,
    /// It speaks another protocol, which has limits of its own.
    UPGRADED
}
