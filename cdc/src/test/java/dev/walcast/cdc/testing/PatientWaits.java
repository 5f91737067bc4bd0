package dev.walcast.cdc.testing;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Sets how long tests wait for an event by default: as long as a loaded machine needs. JUnit finds this class
/// as a service, in each module with this module's tests on its class path.
public final class PatientWaits implements BeforeAllCallback {
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(PATIENCE);
    }
}
