package dev.walcast.cdc.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;

/// Prints which test or class is skipped and why, and adds the line to `target/skipped-tests.txt`, which the build
/// prints at its end. JUnit finds this class as a service, in each module with this module's tests on its class
/// path.
public final class SkippedTests implements TestExecutionListener {
    private static final Path TARGET = Path.of("target");

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        note(test, reason);
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        if (result.getStatus() == Status.ABORTED) {
            note(test, result.getThrowable().map(Throwable::getMessage).orElse(""));
        }
    }

    private static void note(TestIdentifier test, String reason) {
        String line = name(test) + ": " + oneLine(reason) + "\n";
        System.out.print("Skipped " + line);
        if (Files.isDirectory(TARGET)) {
            try {
                // One write: forks share the file.
                Files.writeString(
                        TARGET.resolve("skipped-tests.txt"),
                        line,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.APPEND);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static String name(TestIdentifier test) {
        return switch (test.getSource().orElse(null)) {
            case MethodSource method -> simpleName(method.getClassName()) + "." + method.getMethodName();
            case ClassSource type -> simpleName(type.getClassName());
            case null, default -> test.getDisplayName();
        };
    }

    private static String simpleName(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    private static String oneLine(String reason) {
        String line = reason.lines()
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .collect(Collectors.joining(" "));
        return line.isEmpty() ? "no reason given" : line.replaceFirst("^Assumption failed: ", "");
    }
}
