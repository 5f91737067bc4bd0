package dev.walcast.server.access;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.access.RecheckTurns.Turn;
import dev.walcast.server.access.RecheckTurns.Waiting;
import dev.walcast.server.limits.ClientKey;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RecheckTurnsTest {
    private static final ClientKey GREEDY = ClientKey.ofAddress("10.0.0.1");
    private static final ClientKey QUIET = ClientKey.ofAddress("10.0.0.2");

    private static Waiting<String> waiting(String question, ClientKey... clients) {
        return new Waiting<>(question, List.of(clients));
    }

    private static List<String> all(RecheckTurns<String> turns) {
        List<String> asked = new ArrayList<>();
        for (Turn<String> turn = turns.next(); turn != null; turn = turns.next()) {
            asked.add(turn.question());
            turns.end(turn);
        }
        return asked;
    }

    @Test
    void clientsTakeTurns() {
        RecheckTurns<String> turns = new RecheckTurns<>(1);
        turns.fill(List.of(
                waiting("a", GREEDY),
                waiting("b", GREEDY),
                waiting("c", GREEDY),
                waiting("x", QUIET),
                waiting("y", QUIET)));
        assertThat(all(turns)).containsExactly("a", "x", "b", "y", "c");
        assertThat(turns.isEmpty()).isTrue();
        assertThat(turns.asking()).isZero();
    }

    @Test
    void clientHasNoMoreThanItsShareAtOnce() {
        RecheckTurns<String> turns = new RecheckTurns<>(2);
        turns.fill(List.of(waiting("a", GREEDY), waiting("b", GREEDY), waiting("c", GREEDY)));
        Turn<String> first = turns.next();
        assertThat(first).isNotNull();
        assertThat(turns.next()).isNotNull();
        assertThat(turns.next()).isNull();
        assertThat(turns.isEmpty()).isFalse();
        turns.fill(List.of(waiting("c", GREEDY), waiting("x", QUIET)));
        assertThat(all(turns)).containsExactly("x");
        turns.end(first);
        assertThat(all(turns)).containsExactly("c");
        assertThat(turns.asking()).isOne();
    }

    @Test
    void commonQuestionIsAskedOnce() {
        RecheckTurns<String> turns = new RecheckTurns<>(1);
        turns.fill(List.of(waiting("a", GREEDY), waiting("common", GREEDY, QUIET), waiting("x", QUIET)));
        assertThat(all(turns)).containsExactly("a", "common", "x");
    }
}
