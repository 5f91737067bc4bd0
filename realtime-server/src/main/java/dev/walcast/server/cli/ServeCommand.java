package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.server.RealtimeServer;
import dev.walcast.server.settings.ServerOptions;
import dev.walcast.server.settings.SettingsException;
import dev.walcast.server.settings.SettingsSource;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        showDefaultValues = true,
        description = "Serve a Postgres database.",
        footer = {
            "",
            "Each option can also be set by an environment variable, or by a line NAME=value in the --config file:",
            "--database-url is DATABASE_URL, --port is PORT, and so on. Secrets belong there, not on the command line."
        })
final class ServeCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Mixin
    private ServerOptions options = new ServerOptions();

    @Option(names = "--config", paramLabel = "FILE", description = "A file with settings, one NAME=value a line.")
    private @Nullable Path config;

    @Override
    public Integer call() throws Exception {
        CommandSpec command = requireNonNull(spec);
        checkNames(command);
        try (CloseStack opened = CloseStack.closedOnSignal()) {
            RealtimeServer server = new RealtimeServer(options.settings(), Clock.systemUTC(), List.of());
            opened.add(server);
            try {
                server.start();
            } catch (SourceException e) {
                if (opened.isClosed()) {
                    return 0;
                }
                throw e;
            }
            PrintWriter out = command.commandLine().getOut();
            out.println("Walcast is listening on port " + server.port());
            out.flush();
            CloseStack.awaitSignal();
        }
        return 0;
    }

    private void checkNames(CommandSpec command) throws SettingsException, IOException {
        if (config != null) {
            List<String> problems =
                    new SettingsSource(Map.of(), SettingsSource.readFile(config)).unknownNames(command.options());
            if (!problems.isEmpty()) {
                throw new SettingsException(problems);
            }
        }
    }
}
