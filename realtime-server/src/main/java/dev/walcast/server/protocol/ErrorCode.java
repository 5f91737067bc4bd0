package dev.walcast.server.protocol;

import static dev.walcast.server.protocol.Fault.CAPACITY;
import static dev.walcast.server.protocol.Fault.CLIENT;
import static dev.walcast.server.protocol.Fault.SERVER;
import static dev.walcast.server.protocol.Fault.UPSTREAM;

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
    TOKEN_ROLE_TOO_LONG("InvalidJWTToken", CLIENT, 401, "The role in the JWT is longer than %d bytes"),
    TOKEN_TIME_UNREADABLE("InvalidJWTToken", CLIENT, 401, "The claim `%s` must be a number, the seconds since 1970"),
    TOKEN_CLAIM_REFUSED(
            "InvalidJWTToken", CLIENT, 401, "The claim `%s` is missing or has not the value that the server requires"),
    CONNECTIONS_TOO_MANY("ConnectionRateLimitReached", CAPACITY, 429, "Too many connected users"),
    MEMORY_EXHAUSTED("MemoryLimitReached", CAPACITY, 503, "The server is short of memory, please try again later"),
    RESTARTING("RealtimeRestarting", SERVER, 503, "Realtime is restarting, please standby"),
    TOPIC_UNMATCHED("UnmatchedTopic", CLIENT, 0, true, "unmatched topic"),
    TOPIC_NAME_REQUIRED("TopicNameRequired", CLIENT, 400, "You must provide a topic name"),
    TOPIC_TOO_LONG("InvalidJoinPayload", CLIENT, 0, "The topic is longer than %d bytes"),
    JOIN_TOO_LARGE(
            "PayloadSizeExceeded", CLIENT, 0, "The payload of the join has %d bytes, and MAX_JOIN_SIZE allows %d"),
    TOKEN_TOO_LARGE(
            "PayloadSizeExceeded", CLIENT, 0, "The payload with the token has %d bytes, and MAX_JOIN_SIZE allows %d"),
    PRESENCE_KEY_TOO_LONG("InvalidJoinPayload", CLIENT, 0, "The presence key is longer than %d bytes"),
    NAME_TOO_LONG("NameTooLong", CLIENT, 0, "A name in Postgres has at most 63 bytes"),
    JOIN_UNREADABLE("UnknownErrorOnChannel", CLIENT, 0, "%s must be an object"),
    BINDINGS_TOO_MANY("InvalidJoinPayload", CAPACITY, 0, "More than %d postgres_changes entries"),
    ACK_NAME_INVALID("InvalidJoinPayload", CLIENT, 0, "`ack` must be true, false, or a name of at most %d bytes"),
    ACK_NAME_MISSING(
            "InvalidJoinPayload",
            CLIENT,
            0,
            "`ack: true` needs a token with a `sub`: without one give the binding a name, as in ack: \"mine\""),
    ACK_UNREADABLE(
            "UnableToAcknowledge",
            CLIENT,
            0,
            "An acknowledgement must be {\"event\":\"ack\",\"payload\":{\"position\":\"...\"}}"),
    ACK_OTHER_EPOCH("UnableToAcknowledge", CLIENT, 0, "The position is of another epoch"),
    ACK_NOT_SENT("UnableToAcknowledge", CLIENT, 0, "Nothing of that position was sent on this channel"),
    ACK_TAKEN_OVER("UnableToAcknowledge", CLIENT, 0, "Another channel has taken over what is acknowledged here"),
    EVENT_UNKNOWN("UnknownEvent", CLIENT, 0, "`event` must be INSERT, UPDATE, DELETE or *"),
    FILTER_TOO_COMPLEX("FilterTooComplex", CLIENT, 0, "The filters of this channel are too complex together"),
    FILTER_TOO_SLOW("FilterTooSlow", CLIENT, 0, "Postgres takes too long to evaluate a pattern of a filter"),
    TABLE_NOT_AVAILABLE(
            "TableNotAvailable",
            CLIENT,
            0,
            "The table does not exist, is not in the publication, or this role may not read it; a join as service_role is told which"),
    TABLE_NOT_FOUND("TableNotFound", CLIENT, 0, "No relation has this name"),
    TABLE_NOT_READABLE("TableNotReadable", CLIENT, 0, "This role may not read the table"),
    TABLE_NOT_LOGGED("TableNotLogged", CLIENT, 0, "Postgres logs no changes of this relation"),
    TABLE_NOT_PUBLISHED("TableNotPublished", CLIENT, 0, "The publication sends no changes of this table"),
    EVENT_NOT_PUBLISHED("EventNotPublished", CLIENT, 0, "The publication sends no such changes"),
    ROWS_LEFT_OUT("RowsLeftOut", CLIENT, 0, "The publication leaves rows of this table out"),
    COLUMN_NOT_PUBLISHED("ColumnNotPublished", CLIENT, 0, "Changes do not carry a column that decides"),
    POLICY_MISSING("PolicyMissing", CLIENT, 0, "Row-level security shows this role no row of the table"),
    POLICY_SHOWS_NOTHING("PolicyShowsNothing", CLIENT, 0, "The policies show this token no row of the table"),
    LARGE_VALUE_UNCHANGED(
            "LargeValueUnchanged", CLIENT, 0, "UPDATEs that leave a large value alone are told as a reset"),
    IDENTITY_MISSING("ReplicaIdentityMissing", CLIENT, 0, "The table has no replica identity"),
    HEADERS_TOO_LARGE("HeadersTooLarge", CLIENT, 431, "The x- headers are too many or too long"),
    USERS_TOO_MANY("ConnectionRateLimitReached", CAPACITY, 429, "Too many connected users"),
    UPGRADE_JOINS_TOO_MANY("JoinsRateLimitReached", CAPACITY, 429, "Too many joins per second"),
    JOINS_TOO_MANY("ClientJoinRateLimitReached", CAPACITY, 429, "Too many joins per second"),
    USERS_OF_CLIENT_TOO_MANY(
            "ClientShareReached",
            CAPACITY,
            429,
            "Too many connected users of one user or address: CLIENT_SHARE of the server bounds them"),
    JOINS_OF_CLIENT_TOO_MANY(
            "ClientShareReached",
            CAPACITY,
            429,
            "Too many joins per second of one user or address: CLIENT_SHARE of the server bounds them"),
    CHECKS_OF_CLIENT_TOO_MANY(
            "ClientShareReached",
            CAPACITY,
            429,
            "Too many private channels of one user or address wait: CLIENT_SHARE of the server bounds them"),
    CHECKS_OF_SOCKET_TOO_MANY(
            "ClientShareReached",
            CAPACITY,
            429,
            "Too many private channels of this socket wait: it has half of its client's CLIENT_SHARE"),
    CHANNELS_TOO_MANY("ChannelRateLimitReached", CAPACITY, 0, "Too many channels"),
    MESSAGES_TOO_MANY("MessagePerSecondRateLimitReached", CAPACITY, 0, "Too many messages per second"),
    PRESENCE_TOO_FAST("PresenceRateLimitReached", CAPACITY, 0, "Too many presence messages per second"),
    PRESENCE_TOO_OFTEN("ClientPresenceRateLimitReached", CAPACITY, 0, "Client presence rate limit exceeded"),
    CHANNEL_BUSY("ChannelBusy", CAPACITY, 0, "Too many messages wait for an answer of the database"),
    PRIVATE_ONLY("PrivateOnly", CLIENT, 403, "This project only allows private channels"),
    TOPIC_UNREADABLE("Unauthorized", CLIENT, 403, "You do not have permissions to read from this Channel topic: %s"),
    TOPIC_LOST("Unauthorized", CLIENT, 0, "You no longer have permission to read from this Channel topic: %s"),
    TOPIC_UNWRITABLE("Unauthorized", CLIENT, 0, "You do not have permissions to write to this Channel topic: %s"),
    PRIVATE_NOT_INSTALLED(
            "PrivateChannelsNotInstalled",
            UPSTREAM,
            500,
            "The database is not prepared for private channels: run `walcast setup`"),
    TOPIC_POOL_EXHAUSTED("IncreaseConnectionPool", CAPACITY, 429, "Please increase your connection pool size"),
    TOPIC_QUERY_CANCELED("QueryCanceled", UPSTREAM, 503, "Query was cancelled, please try again"),
    TOPIC_PARTITION_MISSING(
            "MissingPartition", UPSTREAM, 503, "Realtime was unable to find the expected messages partition"),
    TOPIC_DATABASE_UNREACHABLE(
            "UnableToSetPolicies", UPSTREAM, 503, true, "Realtime was unable to connect to the project database"),
    REPLAY_ON_PUBLIC("UnableToReplayMessages", CLIENT, 0, "Replay is not allowed for public channels"),
    REPLAY_UNREADABLE("UnableToReplayMessages", CLIENT, 0, "Replay params are not valid"),
    REPLAY_FAILED("UnableToReplayMessages", UPSTREAM, 0, "Realtime was unable to replay messages"),
    REPLICATION_LATE("ReplicationConnectionTimeout", UPSTREAM, 0, "Replication connection was not established in time"),
    PAYLOAD_TOO_LARGE("PayloadSizeExceeded", CLIENT, 0, true, "payload_size_exceeded"),
    BROADCAST_UNREADABLE("UnableToHandleBroadcast", CLIENT, 0, true, "The broadcast payload must be an object"),
    PRESENCE_NOT_AN_OBJECT("UnableToTrackPresence", CLIENT, 0, true, "Presence track payload must be a map"),
    PRESENCE_TOO_LARGE("PayloadSizeExceeded", CLIENT, 0, true, "Track message size exceeded"),
    PRESENCE_KEY_RESERVED("UnableToTrackPresence", CLIENT, 0, "The presence key %s is reserved"),
    PRESENCE_ROOM_FULL(
            "PresenceLimitReached", CAPACITY, 0, "More than %d presences, or %d bytes of them, in this channel"),
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
    REST_CHECKS_OF_CALLER_TOO_MANY(
            "ClientShareReached", CAPACITY, 429, true, "Too many private topics of one caller wait"),
    REST_TOPICS_NOT_INSTALLED("UnableToSetPolicies", SERVER, 500, true, "Unable to authorize broadcast"),
    STREAM_UNREADABLE("InvalidStreamRequest", CLIENT, 400, "The query parameter %s is unknown, or there twice"),
    STREAM_REFUSED("UnableToSubscribeToChanges", CLIENT, 400, "%s"),
    STREAM_METHOD("MethodNotAllowed", CLIENT, 405, "A stream is opened with GET"),
    REQUEST_MALFORMED("MalformedRequest", CLIENT, 400, "The request is not valid HTTP/1.1: %s"),
    REQUEST_METHOD("MethodNotAllowed", CLIENT, 405, "No path has this method"),
    REQUEST_LINE_TOO_LONG("RequestLineTooLong", CLIENT, 414, "The first line of the request is longer than %d bytes"),
    REQUEST_EXPECTATION("ExpectationUnknown", CLIENT, 417, "The only expectation that can be met is 100-continue"),
    REQUEST_HEAD_TOO_LARGE(
            "RequestHeadTooLarge", CLIENT, 431, "The request has more than %d headers, or more than %d bytes of them"),
    REQUEST_VERSION("VersionNotSupported", CLIENT, 505, "Only HTTP/1.1 and HTTP/1.0 are spoken here"),
    UPGRADE_OVER_HTTP10(
            "UpgradeRequired",
            CLIENT,
            400,
            "A WebSocket needs HTTP/1.1, and this request came as HTTP/1.0: let the proxy speak HTTP/1.1 and pass on"
                    + " Upgrade and Connection (nginx: proxy_http_version 1.1)"),
    ADDRESS_CONNECTIONS_TOO_MANY(
            "AddressConnectionLimitReached", CAPACITY, 429, "Too many connections from this address"),
    STREAM_TOO_SLOW(
            "StreamTooSlow", CAPACITY, 503, "Too much waits to be read; come back with the id of the last event");

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

    /// The text when the socket is refused rather than a channel; one text differs there.
    public String upgradeText() {
        return upgradeText(text);
    }

    /// @param filled the text with its blanks filled in
    String upgradeText(String filled) {
        return this == TOKEN_EXPIRED ? "Token has expired" : filled;
    }
}
