package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// Makes the JVM's AOT cache of a distribution. The build and the container image call it; people do not need to.
///
/// A failure is one line and no cache: the exit code is 0, because a distribution without a cache only starts more
/// slowly.
@Command(
        name = "rehearse",
        hidden = true,
        mixinStandardHelpOptions = true,
        description = "Make the AOT cache, with which the JVM starts faster, of a distribution.")
final class RehearseCommand implements Callable<Integer> {
    private static final Duration LONGEST = Duration.ofMinutes(3);

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--jar",
            required = true,
            paramLabel = "FILE",
            description = "The distribution's walcast-server.jar.")
    private Path jar = Path.of("");

    @Option(names = "--cache", required = true, paramLabel = "FILE", description = "The cache to make.")
    private Path cache = Path.of("");

    @Override
    public Integer call() throws InterruptedException {
        try (CloseStack opened = CloseStack.closedOnSignal()) {
            Files.deleteIfExists(cache);
            FutureTask<Path> task = new FutureTask<>(new Rehearsal(jar, cache, opened));
            Thread.ofPlatform().daemon().name("rehearsal").start(task);
            say("The AOT cache is " + Files.size(task.get(LONGEST.toSeconds(), TimeUnit.SECONDS)) / 1_000_000 + " MB.");
        } catch (TimeoutException _) {
            say("No AOT cache is made: the rehearsal takes longer than " + LONGEST.toSeconds() + " s.");
        } catch (ExecutionException e) {
            say("No AOT cache is made: " + oneLine(requireNonNull(e.getCause())));
        } catch (java.io.IOException e) {
            say("No AOT cache is made: " + oneLine(e));
        }
        return 0;
    }

    private void say(String line) {
        requireNonNull(spec).commandLine().getOut().println(line);
        spec.commandLine().getOut().flush();
    }

    private static String oneLine(Throwable error) {
        return error.toString().lines().findFirst().orElse("");
    }
}
