package dev.walcast.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import java.util.Set;
import java.util.TreeSet;

/// Checks that classes get their clock from their caller, so that tests can choose the time.
@AnalyzeClasses(
        packages = "dev.walcast",
        importOptions = {ImportOption.DoNotIncludeTests.class, ModuleBoundaryTest.WithoutTestJars.class})
final class ClockTest {
    /// Methods that read a clock of the machine, or return one.
    private static final Set<String> CLOCKS = Set.of(
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.time.Clock.systemUTC",
            "java.time.Clock.systemDefaultZone",
            "java.time.Clock.system",
            "java.time.InstantSource.system",
            "java.time.Instant.now",
            "java.time.LocalDate.now",
            "java.time.LocalDateTime.now",
            "java.time.OffsetDateTime.now",
            "java.time.ZonedDateTime.now");

    /// The composition root and the commands, which choose the clock.
    private static final Set<String> CHOOSE = Set.of(
            "dev.walcast.server.RealtimeServer",
            "dev.walcast.server.cli.DevCommand",
            "dev.walcast.server.cli.Rehearsal",
            "dev.walcast.server.cli.RehearsalClient",
            "dev.walcast.server.cli.ServeCommand",
            "dev.walcast.server.cli.SetupCommand",
            "dev.walcast.server.cli.TokenCommand");

    /// Classes that do not get their clock from their caller yet. The list may only become shorter.
    private static final Set<String> NOT_YET = Set.of(
            "dev.walcast.server.auth.KeySource",
            "dev.walcast.server.changes.PublicationWatch",
            "dev.walcast.server.delivery.ChangeCounters",
            "dev.walcast.server.delivery.ChangeSubscription",
            "dev.walcast.server.frames.InboundPace",
            "dev.walcast.server.front.ClientConnection",
            "dev.walcast.server.front.ConnectionPlaces",
            "dev.walcast.server.front.HttpFront",
            "dev.walcast.server.front.Listener",
            "dev.walcast.server.messages.TopicPolicyWatch",
            "dev.walcast.server.presence.PresenceRefs",
            "dev.walcast.server.presence.TopicPresence",
            "dev.walcast.server.snapshot.Snapshots",
            "dev.walcast.server.socket.Connection",
            "dev.walcast.server.socket.ConnectionInput",
            "dev.walcast.server.socket.Outbox",
            "dev.walcast.server.socket.SocketWriter",
            "dev.walcast.server.socket.Watch",
            "dev.walcast.server.socket.WebSockets",
            "dev.walcast.server.socket.WriterThreads",
            "dev.walcast.server.sse.EventStream",
            "dev.walcast.server.sse.EventStreams",
            "dev.walcast.server.subscribe.Replay",
            "dev.walcast.server.tasks.Turns");

    @ArchTest
    static void clocksArePassedIn(JavaClasses classes) {
        Set<String> readers = new TreeSet<>();
        for (JavaClass type : classes) {
            for (JavaAccess<?> access : type.getAccessesFromSelf()) {
                if (isClock(access.getTarget()) && !type.getPackageName().startsWith("dev.walcast.bench")) {
                    readers.add(outermost(type).getName());
                }
            }
        }
        readers.removeAll(CHOOSE);
        assertThat(readers).isEqualTo(new TreeSet<>(NOT_YET));
    }

    private static boolean isClock(AccessTarget target) {
        return CLOCKS.contains(target.getOwner().getName() + "." + target.getName());
    }

    private static JavaClass outermost(JavaClass type) {
        return type.getEnclosingClass().map(ClockTest::outermost).orElse(type);
    }
}
