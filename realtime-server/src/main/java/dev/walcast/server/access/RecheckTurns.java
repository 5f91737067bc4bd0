package dev.walcast.server.access;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.limits.ClientKey;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Orders the questions that are due. Clients take turns, and none has more than its share of questions asked at
/// once, so a client with many channels or slow policies delays only itself. A question of several clients is asked
/// in the first turn of any of them. Not safe for several threads.
///
/// @param <Q> a question
final class RecheckTurns<Q> {
    private final int ofClientMax;
    private final Map<ClientKey, Integer> asking = new HashMap<>();

    /// The due questions of each client that has any, in the order of their turns.
    private final ArrayDeque<Due<Q>> ring = new ArrayDeque<>();

    private final Set<Q> taken = new HashSet<>();
    private int asked;

    private record Due<Q>(ClientKey client, Queue<Q> questions) {}

    /// A question that is asked in a client's turn.
    record Turn<Q>(Q question, ClientKey client) {}

    /// A due question and its clients.
    record Waiting<Q>(Q question, Collection<ClientKey> clients) {}

    RecheckTurns(int ofClientMax) {
        this.ofClientMax = ofClientMax;
    }

    /// Replaces what was due before.
    ///
    /// @param due oldest first; none that is being asked
    void fill(List<Waiting<Q>> due) {
        Map<ClientKey, Queue<Q>> byClient = new LinkedHashMap<>();
        for (Waiting<Q> waiting : due) {
            waiting.clients.forEach(client ->
                    byClient.computeIfAbsent(client, _ -> new ArrayDeque<>()).add(waiting.question));
        }
        ring.clear();
        taken.clear();
        byClient.forEach((client, questions) -> ring.add(new Due<>(client, questions)));
    }

    /// @return null when nothing is due, or only questions of clients that have used their share
    @Nullable
    Turn<Q> next() {
        for (int left = ring.size(); left > 0; left--) {
            Due<Q> due = ring.removeFirst();
            boolean isFull = asking.getOrDefault(due.client, 0) >= ofClientMax;
            Q question = isFull ? null : untaken(due.questions);
            if (!due.questions.isEmpty()) {
                ring.addLast(due);
            }
            if (question != null) {
                asking.merge(due.client, 1, Integer::sum);
                asked++;
                return new Turn<>(question, due.client);
            }
        }
        return null;
    }

    private @Nullable Q untaken(Queue<Q> questions) {
        for (Q question = questions.poll(); question != null; question = questions.poll()) {
            if (taken.add(question)) {
                return question;
            }
        }
        return null;
    }

    /// Call it once for each turn.
    void end(Turn<Q> turn) {
        asked--;
        asking.computeIfPresent(requireNonNull(turn).client, (_, count) -> count == 1 ? null : count - 1);
    }

    /// Whether all due questions were taken.
    boolean isEmpty() {
        return ring.isEmpty();
    }

    /// How many questions are being asked.
    int asking() {
        return asked;
    }
}
