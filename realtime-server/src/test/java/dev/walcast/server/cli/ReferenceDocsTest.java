package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.walcast.server.health.HealthReason;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.settings.SettingsSource;
import java.io.IOException;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/// The reference tables under `docs/` agree with the code. With `-Dwalcast.write-docs` the test writes them.
class ReferenceDocsTest {
    private static final Path DOCS = Path.of("..", "docs");

    @Test
    void settingsAreDocumented() throws IOException {
        String rows = new CommandLine(new ServeCommand())
                .getCommandSpec().options().stream()
                        .filter(option -> option.longestName().startsWith("--") && !option.usageHelp())
                        .filter(option ->
                                !option.versionHelp() && !option.longestName().equals("--config"))
                        .map(ReferenceDocsTest::settingRow)
                        .collect(Collectors.joining());
        check("settings.md", """
                # Settings

                <!-- Written by ReferenceDocsTest with -Dwalcast.write-docs; do not edit. -->

                Each setting is an environment variable, a line `NAME=value` in the file that `--config` names, or an option of
                `walcast serve` (`SLOT_NAME` is `--slot-name`). An option takes precedence over the environment, and the environment over
                the file. Times are written `250ms`, `5s`, `1m`, `1h`; sizes in bytes or as `64KiB`, `1MiB`. A value out of bounds is
                refused at start with the bound.
                `API_JWT_SECRET` and `API_JWT_JWKS`, the reference server's names, are read where Walcast's names are not set.
                On a heap below 1 GiB the defaults of the bounds on memory are lower: [sizing.md](sizing.md).

                | Setting | Default | Meaning |
                |---|---|---|
                """ + rows);
    }

    private static String settingRow(OptionSpec option) {
        String value = option.defaultValue();
        return "| `%s` | %s | %s |\n"
                .formatted(
                        SettingsSource.nameOf(option),
                        value == null ? "" : "`" + value + "`",
                        String.join(" ", option.description()));
    }

    @Test
    void errorCodesAreDocumented() throws IOException {
        String rows = Arrays.stream(ErrorCode.values())
                .map(ReferenceDocsTest::codeRow)
                .collect(Collectors.joining());
        check("error-codes.md", """
                # Error codes

                <!-- Written by ReferenceDocsTest with -Dwalcast.write-docs; do not edit. -->

                The texts of refusals. They are in the reply to the request (`response.reason`, usually after the code), or in the body of
                the HTTP response when there is no socket yet. *Fault* names the cause: the client's request, the server, or a limit that
                was reached. A refusal for a limit also has `code`, `limit` and `current` beside its text.

                | Code | HTTP | Fault | Text |
                |---|---|---|---|
                """ + rows);
    }

    private static String codeRow(ErrorCode code) {
        return "| `%s` | %s | %s | %s |\n"
                .formatted(
                        code.code(),
                        code.status().isPresent() ? code.status().getAsInt() : "",
                        code.fault().name().toLowerCase(Locale.ROOT),
                        code.upgradeText().replace("%d", "*n*").replace("%s", "*what*"));
    }

    /// A thread's name where it is started or supervised, or the text that its name begins with.
    private static final Pattern THREAD_NAME = Pattern.compile("(?:\\.start(?:Observed)?\\("
            + "|\\.of(?:Virtual|Platform)\\(\\)\\s*+(?:\\.daemon\\(\\)\\s*+)?\\.name\\("
            + "|new (?:Periodic|Watch)\\("
            + "|new Thread\\([^\"]*+)\\s*+(?:name \\+ )?+\"([^\"]++)\"");

    /// What begins the names of the threads of a port.
    private static final List<String> PORTS = List.of("http", "admin");

    /// Handed to the JVM only to see whether it takes one.
    private static final String UNUSED_THREAD = "never-run";

    @Test
    void threadsAreDocumented() throws IOException {
        String table = Files.readString(DOCS.resolve("architecture.md"));
        String threads = table.substring(table.indexOf("\n| Thread | Kind |\n"));
        Set<String> names = new TreeSet<>();
        for (String module : List.of("cdc", "filters", "rls-policy", "realtime-server")) {
            names.addAll(threadNames(Path.of("..", module, "src", "main", "java")));
        }
        names.remove(UNUSED_THREAD);
        assertThat(names)
                .hasSizeGreaterThan(20)
                .contains("http-listener", "walcast-source", "socket-watch", "ask-")
                .allSatisfy(name -> assertThat(threads).contains("`" + name + "`"));
    }

    private static Set<String> threadNames(Path sources) throws IOException {
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.walk(sources)) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                THREAD_NAME
                        .matcher(Files.readString(file))
                        .results()
                        .flatMap(result -> fullNames(result.group(1)))
                        .forEach(names::add);
            }
        }
        return names;
    }

    private static Stream<String> fullNames(String name) {
        return name.startsWith("-") ? PORTS.stream().map(port -> port + name) : Stream.of(name);
    }

    private static final String RESTARTS = """

            ## When the process ends

            The process ends when it cannot do its work any more. Run it under a supervisor that starts it again:

            | Exit code | Why |
            |---|---|
            | 1 | The server could not start. The log says what an operator has to do. |
            | 3 | Memory is exhausted: the heap, direct buffers or the space for classes. Or the server spent 80 % of 20 s in garbage collections that left 85 % of the heap in use. |
            | 4 | A thread that the whole server depends on has made no progress for five minutes although it waits for nothing, or could not be started for that time. `/livez` answers 503 after two minutes. |

            Only time during which the process runs counts: neither a pause for garbage collection nor a machine that slept ends it. A task declares
            what it waits for; Postgres and clients that are slow are such waits, however long they take. A shortage of threads is survived; it ends
            the process only when it lasts for five minutes. Exit code 3 comes from the JVM (`-XX:+ExitOnOutOfMemoryError`, which the launcher and the
            image set) or from the server itself.

            After a restart no row change is lost to clients that reconnect within `RESTART_HOLD` or name a position ([resume](resume.md));
            broadcasts may be.

            * **Compose**: `restart: unless-stopped`, as in `docker-compose.yml`. Compose does not restart a container that is unhealthy; the server
              ends itself.
            * **systemd**:

              ```ini
              [Service]
              ExecStart=/opt/walcast/walcast serve
              EnvironmentFile=/etc/walcast.env
              Restart=always
              RestartSec=1
              LimitNOFILE=65536
              TasksMax=infinity
              ```

            * **Kubernetes**: a liveness probe on `/livez` and a readiness probe on `/readyz`. With the startup probe a server that waits for its
              database is not restarted; `/livez` answers meanwhile.

              ```yaml
              startupProbe:   {httpGet: {path: /livez, port: 4000}, periodSeconds: 2, failureThreshold: 60}
              livenessProbe:  {httpGet: {path: /livez, port: 4000}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 3}
              readinessProbe: {httpGet: {path: /readyz, port: 4000}, periodSeconds: 5, timeoutSeconds: 3}
              ```
            """;

    @Test
    void healthReasonsAreDocumented() throws IOException {
        String rows = Arrays.stream(HealthReason.values())
                .map(reason -> "| `%s` | `%s` | %s |\n"
                        .formatted(reason.code(), reason.readiness().code(), reason.meaning()))
                .collect(Collectors.joining());
        check("health.md", """
                # Health

                <!-- Written by ReferenceDocsTest with -Dwalcast.write-docs; do not edit. -->

                Two routes answer GET and HEAD without a key. `/livez` says whether to restart the process: 200 and `{"status":"alive"}`, or 503 and
                `{"status":"dead"}`. It does not ask Postgres; a lost database is no reason for a restart. `/readyz` says whether to send traffic to
                this server:

                ```json
                {"status":"degraded","reasons":["private_rights_stale"],"lag_seconds":0.4}
                ```

                | Status | HTTP | Meaning |
                |---|---|---|
                | `ready` | 200 | All is well. |
                | `degraded` | 200 | Some tables or channels have trouble. The server serves the rest. |
                | `not_ready` | 503 | The whole feed or process is out of service. |

                `reasons` holds the codes below, in this order; the worst decides the status. Anyone may ask, so the answer holds no addresses, names
                or error texts: the log has them, once for each change of state. New codes may be added; a client should use `status`.

                `lag_seconds` is the age of the oldest change that may not be delivered, 0 when all are. While the feed is down, hangs or is behind, it
                counts from the last moment at which everything was known to be delivered. That moment comes with each heartbeat (`HEARTBEAT`), and
                each second on a database that writes nothing else; so the lag may be up to one heartbeat too long. In the seconds after a restart it
                counts what waits for clients that reconnect. What the slot retains is different: it grows with everything that the database
                writes, and with the replay window. `SLOT_LAG_WARN` watches it; `pg_replication_slots` shows it.

                While the server waits for its database at its start, both routes answer and everything else is closed ([start](start.md#when-the-database-cannot-be-had)).

                | Code | Status | Meaning |
                |---|---|---|
                """ + rows + RESTARTS);
    }

    @Test
    void flightRecorderEventsAreDocumented() throws IOException {
        String events = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.walcast.server").stream()
                        .filter(type -> type.isAssignableTo(Event.class))
                        .map(JavaClass::reflect)
                        .sorted(Comparator.comparing(ReferenceDocsTest::eventName))
                        .map(ReferenceDocsTest::eventRows)
                        .collect(Collectors.joining());
        check("flight-recorder.md", """
                # Flight recorder

                <!-- Written by ReferenceDocsTest with -Dwalcast.write-docs; do not edit. -->

                JFR records what the change path of a running server does. View a recording with `jfr` or JDK Mission Control. All of these
                events are off until a recording enables them:

                ```sh
                jcmd <pid> JFR.start name=walcast settings=default +walcast.Transaction#enabled=true +walcast.FanOut#enabled=true \\
                  +walcast.Questions#enabled=true +walcast.Replay#enabled=true +walcast.OutboxFull#enabled=true
                jcmd <pid> JFR.dump name=walcast filename=walcast.jfr && jfr print --events 'walcast.*' walcast.jfr
                ```

                They contain names of tables and counts, never a value of a row, a token or a topic.

                | Event | Field | Meaning |
                |---|---|---|
                """ + events);
    }

    private static String eventName(Class<?> type) {
        return type.getAnnotation(Name.class).value();
    }

    private static String eventRows(Class<?> type) {
        String head = "| `%s` | | %s |\n"
                .formatted(
                        eventName(type), type.getAnnotation(Description.class).value());
        // JFR adds private fields of its own
        return Arrays.stream(type.getDeclaredFields())
                .filter(field -> !Modifier.isPrivate(field.getModifiers()))
                .map(field -> "| | `%s` | %s |\n"
                        .formatted(
                                field.getName(),
                                field.getAnnotation(Label.class).value()))
                .collect(Collectors.joining("", head, ""));
    }

    private static void check(String file, String expected) throws IOException {
        Path path = DOCS.resolve(file);
        if (System.getProperty("walcast.write-docs") != null) {
            Files.writeString(path, expected);
        }
        assertThat(Files.readString(path))
                .as("docs/" + file + " differs from the code; run ./mvnw test -pl realtime-server -am"
                        + " -Dwalcast.write-docs -Dtest=ReferenceDocsTest")
                .isEqualTo(expected);
    }
}
