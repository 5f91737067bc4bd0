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
    TOKEN_EXPIRED("InvalidJWTToken", CLIENT, 401, "Token has expired %d seconds ago"),
    TOKEN_INCOMPLETE("InvalidJWTToken", CLIENT, 401, "Fields `role` and `exp` are required in JWT"),
    TOKEN_UNUSABLE("UnknownErrorOnChannel", CLIENT, 500, true, "Unknown Error on Channel"),
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
    JOIN_CRASHED("UnknownErrorOnChannel", SERVER, 0, true, "Unknown Error on Channel"),
    REST_MALFORMED("UnprocessableEntity", CLIENT, 400, true, "Bad Request"),
    REST_UNAUTHORIZED("Unauthorized", CLIENT, 401, true, "Unauthorized"),
    REST_FORBIDDEN("Unauthorized", CLIENT, 403, true, "Unauthorized"),
    REST_NOT_FOUND("NotFound", CLIENT, 404, true, "Not Found"),
    REST_BODY_TOO_LARGE("PayloadSizeExceeded", CLIENT, 413, true, "Request Entity Too Large"),
    REST_MEDIA_TYPE(
            "UnsupportedMediaType",
            CLIENT,
            415,
            true,
            "Unsupported Media Type. Use application/json or application/octet-stream"),
    FIELD_BLANK("UnprocessableEntity", CLIENT, 422, true, "can't be blank"),
    FIELD_INVALID("UnprocessableEntity", CLIENT, 422, true, "is invalid"),
    FIELD_TOO_LONG("UnprocessableEntity", CLIENT, 422, true, "should be at most 255 bytes"),
    REST_PAYLOAD_TOO_LARGE("PayloadSizeExceeded", CLIENT, 422, true, "Payload size exceeds tenant limit"),
    MESSAGE_RATE_REACHED("MessagePerSecondRateLimitReached", CAPACITY, 429, true, "You have exceeded your rate limit"),
    BATCH_TOO_LARGE(
            "MessagePerSecondRateLimitReached",
            CAPACITY,
            429,
            true,
            "Too many messages to broadcast, please reduce the batch size"),
    REQUESTS_TOO_MANY("RequestRateLimitReached", CAPACITY, 429, true, "Too many requests"),
    REST_QUERY_CANCELED("QueryCanceled", SERVER, 422, true, "Query canceled"),
    REST_PARTITION_MISSING("MissingPartition", SERVER, 422, true, "Missing messages partition"),
    REST_DATABASE_UNREACHABLE("UnableToConnectToProject", SERVER, 422, true, "Tenant database unavailable"),
    REST_POOL_EXHAUSTED("IncreaseConnectionPool", CAPACITY, 429, true, "Connection pool exhausted"),
    REST_TOPICS_NOT_INSTALLED("UnableToSetPolicies", SERVER, 500, true, "Unable to authorize broadcast");

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
        return switch (this) {
            case TOKEN_EXPIRED -> "Token has expired";
            case TOKEN_UNUSABLE -> "Error connecting to Realtime";
            default -> text;
        };
    }
}
