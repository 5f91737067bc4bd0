package dev.walcast.server.protocol;

/// Every refusal a client can meet: the catalogue behind `docs/error-codes.md`.
///
/// A `%s` in the text is filled in where the code is used, never with a secret.
public enum ErrorCode {
    TOPIC_NAME_REQUIRED("TopicNameRequired", Fault.CLIENT, "You must provide a topic name"),
    TOPIC_TOO_LONG("TopicTooLong", Fault.CLIENT, "A topic may have at most %s bytes"),
    INVALID_JOIN_PAYLOAD("InvalidJoinPayload", Fault.CLIENT, "%s"),
    CHANNEL_RATE_LIMIT_REACHED("ChannelRateLimitReached", Fault.CAPACITY, "Too many channels"),
    INVALID_JWT_TOKEN("InvalidJWTToken", Fault.CLIENT, "%s"),
    MALFORMED_JWT("MalformedJWT", Fault.CLIENT, "The token provided is not a valid JWT"),
    JWT_SIGNATURE_ERROR("JwtSignatureError", Fault.CLIENT, "Failed to validate JWT signature"),
    JWT_SIGNER_ERROR(
            "JwtSignerError",
            Fault.CLIENT,
            "Failed to generate JWT signer, check your JWT secret or JWKS configuration"),
    UNAUTHORIZED("Unauthorized", Fault.CLIENT, "%s"),
    MISSING_API_KEY("MissingAPIKey", Fault.CLIENT, "API key is missing"),
    REALTIME_RESTARTING("RealtimeRestarting", Fault.SERVER, "Realtime is restarting, please standby"),
    REALTIME_DISABLED_FOR_CONFIGURATION("RealtimeDisabledForConfiguration", Fault.CLIENT, "%s"),
    PAYLOAD_SIZE_EXCEEDED("PayloadSizeExceeded", Fault.CLIENT, "payload_size_exceeded"),
    INVALID_BROADCAST_PAYLOAD("InvalidBroadcastPayload", Fault.CLIENT, "payload is not valid JSON"),
    UNMATCHED_TOPIC("UnmatchedTopic", Fault.CLIENT, "unmatched topic"),
    UNABLE_TO_HANDLE_PRESENCE(
            "UnableToHandlePresence", Fault.SERVER, "Presence is not available in this version of Walcast");

    /// Whose doing it is.
    public enum Fault {
        CLIENT,
        SERVER,
        CAPACITY,
        UPSTREAM
    }

    private final String code;
    private final Fault fault;
    private final String text;

    ErrorCode(String code, Fault fault, String text) {
        this.code = code;
        this.fault = fault;
        this.text = text;
    }

    public String code() {
        return code;
    }

    public Fault fault() {
        return fault;
    }

    public String text() {
        return text;
    }

    /// The reason of a refused join: `Code: text`.
    public String reason(Object... details) {
        return code + ": " + message(details);
    }

    public String message(Object... details) {
        return details.length == 0 ? text : String.format(java.util.Locale.ROOT, text, details);
    }
}
