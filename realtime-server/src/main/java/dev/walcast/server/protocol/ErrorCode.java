package dev.walcast.server.protocol;

import static dev.walcast.server.protocol.Fault.CAPACITY;
import static dev.walcast.server.protocol.Fault.CLIENT;
import static dev.walcast.server.protocol.Fault.SERVER;

import java.util.Locale;
import java.util.OptionalInt;

/// Every way this server refuses a request: the code operators look up, the fixed public text, whose fault it is, and
/// the HTTP status where the refusal can happen before the socket exists.
///
/// A *bare* text reaches the client without its code in front.
public enum ErrorCode {
    API_KEY_MISSING("MissingAPIKey", CLIENT, 401, "API key is missing"),
    VERSION_UNKNOWN("UnsupportedVersion", CLIENT, 403, ""),
    NOT_A_WEBSOCKET("UpgradeRequired", CLIENT, 400, "Expected a WebSocket upgrade"),
    TOKEN_MALFORMED("MalformedJWT", CLIENT, 401, "The token provided is not a valid JWT"),
    TOKEN_SIGNATURE_WRONG("JwtSignatureError", CLIENT, 401, "Failed to validate JWT signature"),
    TOKEN_ALGORITHM_REFUSED(
            "JwtSignerError",
            CLIENT,
            401,
            "Failed to generate JWT signer, check your JWT secret or JWKS configuration"),
    TOKEN_KEY_UNKNOWN(
            "JwtSignerError",
            CLIENT,
            401,
            "Failed to generate JWT signer for key ID (kid) \"%s\", check your JWT secret or JWKS configuration"),
    TOKEN_TOO_EARLY("InvalidJWTToken", CLIENT, 401, "Token is not valid yet"),
    TOKEN_EXPIRED("InvalidJWTToken", CLIENT, 401, "Token has expired %d seconds ago"),
    TOKEN_INCOMPLETE("InvalidJWTToken", CLIENT, 401, "Fields `role` and `exp` are required in JWT"),
    TOKEN_UNUSABLE("UnknownErrorOnChannel", CLIENT, 500, true, "Unknown Error on Channel"),
    CONNECTIONS_TOO_MANY("ConnectionRateLimitReached", CAPACITY, 429, "Too many connected users"),
    RESTARTING("RealtimeRestarting", SERVER, 503, "Realtime is restarting, please standby"),
    TOPIC_UNMATCHED("UnmatchedTopic", CLIENT, 0, true, "unmatched topic"),
    TOPIC_NAME_REQUIRED("TopicNameRequired", CLIENT, 0, "You must provide a topic name"),
    TOPIC_TOO_LONG("InvalidJoinPayload", CLIENT, 0, "The topic is longer than %d bytes"),
    JOIN_UNREADABLE("UnknownErrorOnChannel", CLIENT, 0, "%s must be an object"),
    BINDINGS_TOO_MANY("InvalidJoinPayload", CAPACITY, 0, "More than %d postgres_changes entries"),
    CHANNELS_TOO_MANY("ChannelRateLimitReached", CAPACITY, 0, "Too many channels"),
    PRIVATE_UNAVAILABLE("Unauthorized", CLIENT, 0, "Private channels are not available in this version of the server"),
    REPLAY_ON_PUBLIC("UnableToReplayMessages", CLIENT, 0, "Replay is not allowed for public channels"),
    PAYLOAD_TOO_LARGE("PayloadSizeExceeded", CLIENT, 0, true, "payload_size_exceeded"),
    BROADCAST_UNREADABLE("UnableToHandleBroadcast", CLIENT, 0, true, "The broadcast payload must be an object"),
    PRESENCE_UNAVAILABLE(
            "UnableToTrackPresence", CLIENT, 0, true, "Presence is not available in this version of the server"),
    CHANNEL_CRASHED("UnknownErrorOnChannel", SERVER, 0, true, "channel_crash"),
    JOIN_CRASHED("UnknownErrorOnChannel", SERVER, 0, true, "Unknown Error on Channel");

    private final String code;
    private final Fault fault;
    private final int status;
    private final boolean bare;
    private final String text;

    ErrorCode(String code, Fault fault, int status, String text) {
        this(code, fault, status, false, text);
    }

    ErrorCode(String code, Fault fault, int status, boolean bare, String text) {
        this.code = code;
        this.fault = fault;
        this.status = status;
        this.bare = bare;
        this.text = text;
    }

    /// The name in the operators' table; several refusals may share one.
    public String code() {
        return code;
    }

    public Fault fault() {
        return fault;
    }

    public OptionalInt status() {
        return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
    }

    boolean bare() {
        return bare;
    }

    /// @param blanks what the text's placeholders stand for
    public Refusal refusal(Object... blanks) {
        return new Refusal(this, String.format(Locale.ROOT, text, blanks));
    }

    /// What is said when the socket is refused rather than a channel; two texts differ there.
    public String upgradeText() {
        return upgradeText(text);
    }

    /// @param filled the text with its blanks filled in
    String upgradeText(String filled) {
        return switch (this) {
            case TOKEN_EXPIRED -> "Token has expired";
            case TOKEN_UNUSABLE -> "Error connecting to Realtime";
            default -> filled;
        };
    }
}
