package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.acks.CursorKey;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.Topic;
import java.util.LinkedHashMap;
import java.util.Map;

/// Who has called lately. Whoever has not for longest is forgotten, and begins anew, when too many have.
final class Callers {
    private static final int CALLERS_MAX = 10_000;
    private static final int SUBJECT_LENGTH_MAX = 128;

    private final RestLimits limits;
    private final CallerQuestions questions;

    // guarded by itself
    private final Map<String, Caller> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Caller> eldest) {
            return size() > CALLERS_MAX;
        }
    };

    Callers(RestLimits limits, CallerQuestions questions) {
        this.questions = requireNonNull(questions, "questions is null");
        this.limits = requireNonNull(limits, "limits is null");
    }

    /// A user wherever he calls from.
    Caller user(String subject) {
        return named("user " + brief(subject));
    }

    /// Whoever has no name of his own: the public key, a back end.
    Caller at(String address) {
        return named(ClientKey.ofAddress(address).text());
    }

    /// A digest of a long subject: what is remembered of a caller is small.
    private static String brief(String subject) {
        return subject.length() <= SUBJECT_LENGTH_MAX
                ? subject
                : "sha256 " + CursorKey.of(subject, new Topic(""), "").digest();
    }

    private Caller named(String name) {
        synchronized (known) {
            return known.computeIfAbsent(name, _ -> new Caller(limits, questions.share()));
        }
    }
}
