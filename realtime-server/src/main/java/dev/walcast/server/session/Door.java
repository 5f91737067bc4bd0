package dev.walcast.server.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.auth.TokenVerdict;
import dev.walcast.server.channel.Services;
import dev.walcast.server.limits.ClientBudget;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.protocol.Refusal;
import dev.walcast.server.protocol.Serializer;
import dev.walcast.server.socket.Handshake;
import dev.walcast.server.socket.Outbox;
import dev.walcast.server.socket.SocketAdmission;
import dev.walcast.server.socket.Subprotocols;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;

/// Lets clients in that speak a version we know and have a valid token, and knows who is in.
final class Door implements SocketAdmission {
    private static final String VERSION_DEFAULT = "1.0.0";
    private static final Duration REFUSED_LIFETIME = Duration.ofSeconds(30);
    private static final int REFUSED_MAX = 100;

    private final Services services;
    private final Semaphore refusedSessions;
    private final Set<Session> sessions = ConcurrentHashMap.newKeySet();
    private final AtomicLong lastId = new AtomicLong();

    Door(Services services) {
        this.services = requireNonNull(services, "services is null");
        this.refusedSessions =
                new Semaphore(Math.min(REFUSED_MAX, services.limits().socketsMax()));
    }

    @Override
    public Admission admit(Handshake handshake) {
        Optional<Serializer> serializer =
                Serializer.forVersion(handshake.query().apply("vsn").orElse(VERSION_DEFAULT));
        if (serializer.isEmpty()) {
            return refused(ErrorCode.VERSION_UNKNOWN.refusal(), Duration.ZERO);
        }
        if (services.draining().getAsBoolean()) {
            return refused(ErrorCode.RESTARTING.refusal(), Duration.ZERO);
        }
        if (isFull()) {
            return refusedLater(ErrorCode.CONNECTIONS_TOO_MANY.refusal());
        }
        Optional<String> headers = RequestHeaders.json(handshake);
        if (headers.isEmpty()) {
            return refusedLater(ErrorCode.HEADERS_TOO_LARGE.refusal());
        }
        Optional<String> token = token(handshake);
        TokenVerdict verdict = token.map(services.verifier()::verify)
                .orElseGet(() -> new TokenVerdict.Rejected(ErrorCode.API_KEY_MISSING.refusal()));
        return switch (verdict) {
            case TokenVerdict.Verified verified ->
                admit(
                        new Client(token.orElseThrow(), verified.viewer(), headers.get(), handshake.address()),
                        serializer.get());
            case TokenVerdict.Rejected(Refusal refusal) when isBrowser(handshake) -> told(refusal, serializer.get());
            case TokenVerdict.Rejected(Refusal refusal) -> refusedLater(refusal);
        };
    }

    /// What is blank counts as absent.
    private static Optional<String> text(Optional<String> value) {
        return value.filter(text -> !text.isBlank());
    }

    private static Optional<String> token(Handshake handshake) {
        return text(handshake.header().apply("x-api-key"))
                .or(() -> text(handshake.query().apply("apikey")))
                .or(() -> handshake
                        .header()
                        .apply("sec-websocket-protocol")
                        .map(Subprotocols::of)
                        .flatMap(Subprotocols::token));
    }

    /// Whether there are as many clients as there may be, those without a socket included.
    boolean isFull() {
        return sessions.size() + services.budget().streamClients().get()
                >= services.limits().socketsMax();
    }

    Set<Session> sessions() {
        return sessions;
    }

    private Admission admit(Client client, Serializer serializer) {
        return services.budget()
                .refuseUpgrade(ClientKey.of(client.viewer(), client.address()))
                .map(this::refusedLater)
                .orElseGet(() -> new Admission.Admitted(outbox -> open(client, serializer, outbox)));
    }

    /// Browsers add an `Origin`, and what imitates their `WebSocket`, such as that of Node.js, a `Sec-Fetch-Mode`.
    private static boolean isBrowser(Handshake handshake) {
        return handshake.header().apply("origin").isPresent()
                || handshake.header().apply("sec-fetch-mode").isPresent();
    }

    /// A refusal on an open socket; over HTTP when too many are open for that.
    private Admission told(Refusal refusal, Serializer serializer) {
        if (refusedSessions.availablePermits() <= 0) {
            return refusedLater(refusal);
        }
        return new Admission.Admitted(outbox -> tell(refusal, serializer, outbox));
    }

    /// What is taken and counted is so only here: a connection may be lost, or refused, before its socket is open.
    private RefusedSession tell(Refusal refusal, Serializer serializer, Outbox outbox) {
        boolean hasPlace = refusedSessions.tryAcquire();
        Duration lifetime = hasPlace ? REFUSED_LIFETIME : Duration.ZERO;
        Runnable giveBack = hasPlace ? refusedSessions::release : () -> {};
        boolean opened = false;
        try {
            RefusedSession session = new RefusedSession(services, serializer, refusal, outbox, lifetime, giveBack);
            services.stats().countRefused();
            opened = true;
            return session;
        } finally {
            if (!opened) {
                giveBack.run();
            }
        }
    }

    private Session open(Client client, Serializer serializer, Outbox outbox) {
        ClientBudget budget = new ClientBudget(services.budget(), client.viewer(), client.address());
        boolean opened = false;
        try {
            Session session = new Session(
                    "s" + lastId.incrementAndGet(), services, serializer, client, budget, outbox, sessions::remove);
            sessions.add(session);
            opened = true;
            return session;
        } finally {
            if (!opened) {
                budget.close();
            }
        }
    }

    private Admission refusedLater(Refusal refusal) {
        return refused(refusal, services.limits().upgradeRefusalDelay());
    }

    private static Admission refused(Refusal refusal, Duration after) {
        return new Admission.Refused(refusal.code().status().orElseThrow(), refusal.upgradeBody(), after);
    }
}
