package dev.walcast.server.access;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.cdc.supervisor.SupervisorPolicy;
import dev.walcast.cdc.supervisor.TaskStatus;
import dev.walcast.cdc.supervisor.ThreadStarter;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.topic.TopicPermissions.TopicQuestion;
import dev.walcast.server.access.PrivateRights.Answered;
import dev.walcast.server.access.PrivateRights.Asking;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.testing.TestingServer;
import dev.walcast.server.testing.TestingTopics;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PrivateRightsThreadTest {
    @Test
    void recheckWithoutThreadIsRetried() throws Exception {
        AtomicInteger refusals = new AtomicInteger(2);
        ThreadStarter scarce = (name, run) -> {
            if (refusals.getAndDecrement() > 0) {
                throw new OutOfMemoryError("unable to create native thread");
            }
            return ThreadStarter.VIRTUAL.start(name, run);
        };
        TestingTopics topics = new TestingTopics();
        CompletableFuture<Answered> answer = new CompletableFuture<>();
        try (Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit);
                PrivateRights rights = new PrivateRights(
                        new TopicQuestions(topics, topics, 4, System::nanoTime),
                        TestingServer.limits().build().clients(),
                        scarce,
                        System::nanoTime)) {
            Asking asking = new Asking(new TopicQuestion(new Viewer("anon", "{}"), "topic", "{}"), false);
            rights.add(answer::complete, ClientKey.ofAddress("10.0.0.1"), asking, rights.ask());
            rights.start(supervisor);
            rights.recheckSoon();
            assertThat(answer.get(30, TimeUnit.SECONDS).key()).isEqualTo(asking);
            assertThat(supervisor.tasks().getFirst().restarts()).isZero();
        }
        assertThat(refusals.get()).isNegative();
    }

    @Test
    void closeIsNotTakenForAFailure() {
        TestingTopics topics = new TestingTopics();
        try (Supervisor supervisor = new Supervisor(SupervisorPolicy.USUAL, System::nanoTime, System::exit)) {
            try (PrivateRights rights = new PrivateRights(
                    new TopicQuestions(topics, topics, 4, System::nanoTime),
                    TestingServer.limits().build().clients(),
                    System::nanoTime)) {
                rights.start(supervisor);
                assertThat(supervisor.tasks()).hasSize(1);
            }
            await().until(() -> supervisor.tasks().stream()
                    .allMatch(task -> task.state() == TaskStatus.State.ENDED || task.restarts() > 0));
            assertThat(supervisor.tasks()).allMatch(task -> task.restarts() == 0);
        }
    }
}
