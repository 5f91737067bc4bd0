package dev.walcast.server.cli;

import dev.walcast.server.settings.SettingsSource;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/// Explains an invalid command line in one sentence. Does not print the usage, which is long and would show values of
/// the environment as defaults, nor an argument that no option takes, which may be part of a secret.
final class UsageErrors implements IParameterExceptionHandler {
    @Override
    public int handleParseException(ParameterException error, String[] arguments) {
        CommandLine command = error.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(sentence(error));
        err.println("All options: " + command.getCommandSpec().qualifiedName() + " --help");
        err.flush();
        return ExitCode.USAGE;
    }

    private static String sentence(ParameterException error) {
        if (error instanceof UnmatchedArgumentException unmatched) {
            return unmatched(unmatched.getUnmatched());
        }
        String message = String.valueOf(error.getMessage());
        return error.getArgSpec() instanceof OptionSpec option
                ? message + " (set by " + option.longestName() + " or " + SettingsSource.nameOf(option) + ")"
                : message;
    }

    private static String unmatched(List<String> arguments) {
        String first = arguments.getFirst();
        if (!first.startsWith("-")) {
            return "An argument belongs to no option. Is a value with a space missing its quotes?";
        }
        int end = first.indexOf('=');
        return "There is no option " + (end < 0 ? first : first.substring(0, end));
    }
}
