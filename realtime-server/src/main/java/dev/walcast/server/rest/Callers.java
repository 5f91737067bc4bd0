package dev.walcast.server.rest;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.access.CallerQuestions;
import dev.walcast.server.acks.CursorKey;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.Topic;
import java.util.LinkedHashMap;
import java.util.Map;

/// Remembers recent callers. When there are too many, the caller that has been idle longest is forgotten and starts
/// afresh.
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

    /// A user, from any address.
    Caller user(String subject) {
        return named("user " + brief(subject));
    }

    /// A caller without a user: one with the public key, or a back end.
    Caller at(String address) {
        return named(ClientKey.ofAddress(address).text());
    }

    /// Shortens a long subject to a digest, so that a caller takes little memory.
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
