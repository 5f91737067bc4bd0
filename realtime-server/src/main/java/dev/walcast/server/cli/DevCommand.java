package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import dev.walcast.server.RealtimeServer;
import dev.walcast.server.ServerSettings;
import dev.walcast.server.admin.AdminSettings;
import dev.walcast.server.dev.DemoDatabase;
import dev.walcast.server.dev.DemoRoutes;
import dev.walcast.server.dev.DevDatabase;
import dev.walcast.server.dev.DevEnvironment;
import dev.walcast.server.log.Secret;
import dev.walcast.server.settings.ServerOptions;
import dev.walcast.server.settings.SettingsException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "dev",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = {
            "Try Walcast: start an embedded Postgres with a demo schema, the server, and a demo page.",
            "All data is in the data folder; delete it to start afresh."
        })
final class DevCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--port", defaultValue = "4000", description = "The server's port; 0 picks a free one.")
    private int port;

    @Option(names = "--host", defaultValue = "127.0.0.1", description = "The address to listen on.")
    private String host = "";

    @Option(
            names = "--reader",
            paramLabel = "NAME",
            defaultValue = "debezium",
            description = "The reader of the log: debezium or native.")
    private ServerSettings.Reader reader = ServerSettings.Reader.DEBEZIUM;

    @Option(names = "--admin-port", defaultValue = "0", description = "The admin port; 0 picks a free one.")
    private int adminPort;

    @Option(names = "--db-port", defaultValue = "0", description = "Postgres' port; 0 picks a free one.")
    private int databasePort;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = ".walcast",
            description = "Where the database and the keys are kept.")
    private Path data = Path.of(".walcast");

    @Override
    public Integer call() throws Exception {
        PrintWriter out = requireNonNull(spec).commandLine().getOut();
        try (CloseStack opened = CloseStack.closedOnSignal()) {
            print(out, "Starting Postgres 18 in " + data.toAbsolutePath().normalize() + " ...");
            DevDatabase postgres = DevDatabase.start(data, databasePort);
            opened.add(postgres);
            DemoDatabase demo = DemoDatabase.prepare(postgres);
            opened.add(demo);
            DevEnvironment environment = DevEnvironment.load(data, postgres.superuserUrl(), Clock.systemUTC());
            print(out, "Starting the server ...");
            RealtimeServer server = server(demo, environment);
            opened.add(server);
            server.start();
            String url = "http://localhost:" + server.port();
            String admin = "http://localhost:" + server.adminPort().orElseThrow();
            print(out, environment.write(data, url, admin).welcome(data));
            CloseStack.awaitSignal();
        }
        return 0;
    }

    private RealtimeServer server(DemoDatabase demo, DevEnvironment environment) throws SettingsException {
        ServerSettings settings = new ServerOptions(host, port, reader)
                .settings(demo.serverUrl(), demo.evaluationUrl(), environment.jwtSecret())
                .withAdmin(new AdminSettings("127.0.0.1", adminPort, new Secret(environment.adminToken())));
        return new RealtimeServer(
                settings, Clock.systemUTC(), List.of(new DemoRoutes(demo.dataSource(), environment.anonKey())));
    }

    private static void print(PrintWriter out, String text) {
        out.println(text);
        out.flush();
    }
}
