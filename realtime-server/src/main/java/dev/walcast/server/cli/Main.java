package dev.walcast.server.cli;

import dev.walcast.cdc.supervisor.FatalErrors;
import java.util.TimeZone;
import org.slf4j.bridge.SLF4JBridgeHandler;

/// Where the process begins.
final class Main {
    private Main() {}

    public static void main(String[] arguments) {
        // pgjdbc tells Postgres the JVM's time zone; every text we read from it is to be in UTC.
        TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
        FatalErrors.handleUncaught();
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        System.exit(WalcastCommand.run(System.getenv(), arguments));
    }
}
