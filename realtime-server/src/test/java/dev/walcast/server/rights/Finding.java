package dev.walcast.server.rights;

/// A change that a client received or missed against the rules.
///
/// @param cause for counting
record Finding(Kind kind, String cause, String story) {
    enum Kind {
        /// A row, or a column of it, that no state of the rights allowed.
        LEAK,
        /// A row that every state allowed did not come.
        LOSS,
        DUPLICATE,
        /// Out of the order of commits, or another value than was written.
        WRONG
    }
}
