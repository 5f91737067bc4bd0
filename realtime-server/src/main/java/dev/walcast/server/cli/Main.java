package dev.walcast.server.cli;

import dev.walcast.cdc.supervisor.FatalErrors;
import java.util.TimeZone;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// The entry point of the process.
final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // pgjdbc sends the JVM's time zone to Postgres; all texts that the server reads must be in UTC
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        FatalErrors.handleUncaught();
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        System.exit(WalcastCommand.run(System.getenv(), arguments));
    }
}
