package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.SourceException;
import dev.walcast.server.dev.DevException;
import dev.walcast.server.settings.ByteSize;
import dev.walcast.server.settings.DurationText;
import dev.walcast.server.settings.MemoryShare;
import dev.walcast.server.settings.SettingsException;
import dev.walcast.server.settings.SettingsSource;
import dev.walcast.server.setup.SetupException;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "walcast",
        mixinStandardHelpOptions = true,
        versionProvider = BuiltVersion.class,
        description = "A self-hosted real-time server for Postgres that speaks the Supabase Realtime protocol.",
        subcommands = {
            ServeCommand.class,
            SetupCommand.class,
            DevCommand.class,
            TokenCommand.class,
            ListenCommand.class,
            RehearseCommand.class
        },
        synopsisSubcommandLabel = "COMMAND")
public final class WalcastCommand implements Runnable {
    private static final CommandLine.IDefaultValueProvider NO_DEFAULTS = _ -> null;

    @Spec
    private @Nullable CommandSpec spec;

    @Override
    public void run() {
        CommandLine command = requireNonNull(spec).commandLine();
        command.usage(command.getOut());
    }

    /// Creates the complete command line, ready to execute.
    ///
    /// @param environment the values of options that are not on the command line; tests replace it
    /// @param settings    the values of the settings file
    public static CommandLine commandLine(Map<String, String> environment, Map<String, String> settings) {
        CommandLine line = new CommandLine(new WalcastCommand());
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.registerConverter(Duration.class, new DurationText());
        line.registerConverter(ByteSize.class, new ByteSize.Converter());
        line.registerConverter(MemoryShare.class, new MemoryShare.Converter());
        line.setDefaultValueProvider(new SettingsSource(environment, settings));
        line.setParameterExceptionHandler(new UsageErrors());
        line.setExecutionStrategy(parsed -> {
            // Every option has its value here; a help text would print secrets as defaults.
            line.setDefaultValueProvider(NO_DEFAULTS);
            return new CommandLine.RunLast().execute(parsed);
        });
        line.setExecutionExceptionHandler((exception, command, _) -> explain(exception, command.getErr()));
        return line;
    }

    /// Runs one command.
    ///
    /// @return the exit code: 0 on success, 2 for an invalid command line, 1 for any other failure
    public static int run(Map<String, String> environment, String... arguments) {
        try {
            return commandLine(environment, SettingsSource.settingsFile(arguments))
                    .execute(arguments);
        } catch (IOException e) {
            System.err.println("The settings file cannot be read: " + e.getMessage());
            return CommandLine.ExitCode.USAGE;
        }
    }

    /// Prints a sentence for failures that the user can act on, and a stack trace for unexpected ones.
    private static int explain(Exception exception, PrintWriter err) {
        switch (exception) {
            case SettingsException settings -> err.println(settings.getMessage());
            case SourceException source -> err.println(source.getMessage());
            case SetupException setup -> err.println(setup.getMessage());
            case DevException dev -> err.println(dev.getMessage());
            case IOException io -> err.println("Input or output failed: " + io.getMessage());
            default -> exception.printStackTrace(err);
        }
        err.flush();
        return CommandLine.ExitCode.SOFTWARE;
    }
}
