package dev.walcast.server.clients;

/// The features that every client is tested for, each with its script.
enum Feature {
    CHANGES("`postgres_changes` with a filter", Scripts::changes),
    BROADCAST("broadcast, acknowledged", Scripts::broadcast),
    REST("broadcast over HTTP", Scripts::rest),
    PRESENCE("presence", Scripts::presence),
    PRIVATE("private channels", Scripts::privateChannels),
    TOKEN("fresh token", Scripts::token),
    RESTART("server restart", Scripts::restart);

    private final String title;
    private final Script script;

    Feature(String title, Script script) {
        this.title = title;
        this.script = script;
    }

    @FunctionalInterface
    interface Script {
        void play(Stage stage) throws Exception;
    }

    String title() {
        return title;
    }

    Script script() {
        return script;
    }

    /// Whether the client has a word for it at all.
    boolean isFor(ClientKind client) {
        return this != REST || client != ClientKind.PHOENIX;
    }
}
