package dev.walcast.server.settings;

import static dev.walcast.server.settings.LimitOptions.check;

import dev.walcast.server.admin.AdminSettings;
import dev.walcast.server.log.Secret;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The settings of the admin port.
final class AdminOptions {
    @Option(
            names = "--admin-host",
            paramLabel = "HOST",
            defaultValue = "127.0.0.1",
            description = "The address of the admin port. Only this machine reaches it by default.")
    private String host = "127.0.0.1";

    @Option(
            names = "--admin-port",
            paramLabel = "PORT",
            defaultValue = "4001",
            description =
                    "The admin port, for metrics and operators; 0 picks a free one. It is closed without ADMIN_TOKEN.")
    private int port;

    @Option(
            names = "--admin-token",
            paramLabel = "TEXT",
            description = "The token that each request on the admin port must bring, at least 8 characters.")
    private @Nullable String token;

    /// The settings, once there are no [#problems]; null when there is no admin port.
    @Nullable
    AdminSettings settings() {
        return token == null ? null : new AdminSettings(host, port, new Secret(token));
    }

    /// @param clientPort the port for clients
    List<String> problems(int clientPort) {
        List<String> problems = new ArrayList<>();
        check(problems, port >= 0 && port <= 65_535, "ADMIN_PORT must be between 0 and 65535.");
        check(problems, !host.isBlank(), "ADMIN_HOST is empty.");
        if (token != null) {
            check(
                    problems,
                    token.length() >= AdminSettings.TOKEN_LENGTH_MIN,
                    "ADMIN_TOKEN must have at least " + AdminSettings.TOKEN_LENGTH_MIN + " characters.");
            check(problems, port == 0 || port != clientPort, "ADMIN_PORT must be another port than PORT.");
        }
        return problems;
    }
}
