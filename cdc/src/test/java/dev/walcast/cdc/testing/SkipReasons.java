package dev.walcast.cdc.testing;

import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;

/// Prints the reason of each skipped test. JUnit finds this class as a service, in each module with this
/// module's tests on its class path.
public final class SkipReasons implements TestWatcher {
    @Override
    public void testAborted(ExtensionContext context, @Nullable Throwable cause) {
        print(context, cause == null ? "no reason" : String.valueOf(cause.getMessage()));
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        print(context, reason.orElse("no reason"));
    }

    private static void print(ExtensionContext context, String reason) {
        System.out.printf(
                "Skipped %s.%s: %s%n",
                context.getRequiredTestClass().getSimpleName(),
                context.getRequiredTestMethod().getName(),
                reason);
    }
}
