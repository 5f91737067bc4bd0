package dev.walcast.server.attack;

/// The kinds of attack.
enum Kind {
    JOINS_VALID,
    JOINS_REFUSED,
    JOINS_HUGE,
    JOINS_MANY_TOPICS,
    JOINS_LONG_NAMES,
    JSON_HUGE,
    JSON_DEEP,
    PARTIAL_FRAMES,
    SLOW_READERS,
    IDLE_KEEP_ALIVE,
    PINGS,
    CONTINUATIONS,
    HEARTBEATS,
    UNMATCHED_PUSHES,
    PRESENCES,
    REGEXES,
    TOKENS_BAD,
    TOKENS_HUGE,
    TOKENS_OF_TINY_EXPIRY,
    TOPICS_OF_V1,
    REST_BROADCASTS,
    REST_SLOW_BODIES,
    REST_ENDLESS_BODIES,
    STREAMS_UNREAD,
    CHURN,
    HTTP_GARBAGE,
    ALL_USERS,
    LOCKED_NEIGHBOUR,
    LOCKED_TABLE,
    LOCKED_CATALOG,
    KILL,
    NO_DESCRIPTORS(Arena.CRAMPED),
    FULL_DISK(Arena.CRAMPED),
    LARGE_TRANSACTION(Arena.TINY_HEAP);

    /// The server that it is played against.
    enum Arena {
        USUAL,
        /// Few descriptors and a small disk for temporary files.
        CRAMPED,
        /// The smallest heap, regardless of the requested one.
        TINY_HEAP
    }

    private final Arena arena;

    Kind() {
        this(Arena.USUAL);
    }

    Kind(Arena arena) {
        this.arena = arena;
    }

    Arena arena() {
        return arena;
    }

    /// Whether it is done by a process of an attacker; else by the test itself.
    boolean isOfClient() {
        return ordinal() <= ALL_USERS.ordinal() || this == NO_DESCRIPTORS;
    }

    /// Whether it stops the rows themselves for its time, so that only their loss is judged.
    boolean stopsRows() {
        return this == LOCKED_CATALOG || this == KILL || this == FULL_DISK;
    }

    /// How much has to be done before it counts as an attack.
    long leastDeeds() {
        return switch (this) {
            case JOINS_HUGE, JSON_HUGE, JSON_DEEP, JOINS_LONG_NAMES, TOPICS_OF_V1, TOKENS_HUGE, REGEXES -> 24;
            case ALL_USERS, IDLE_KEEP_ALIVE -> 3_000;
            case NO_DESCRIPTORS -> 1_000;
            case PARTIAL_FRAMES, SLOW_READERS, REST_SLOW_BODIES -> 150;
            default -> 500;
        };
    }
}
