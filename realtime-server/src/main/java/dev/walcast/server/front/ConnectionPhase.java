package dev.walcast.server.front;

/// The state of a connection between and during its requests.
enum ConnectionPhase {
    /// The head of a request is incomplete, or has not begun.
    HEAD,
    /// A request is being answered; its body may still be arriving.
    REQUEST,
    /// The connection speaks another protocol, which has its own limits.
    UPGRADED
}
