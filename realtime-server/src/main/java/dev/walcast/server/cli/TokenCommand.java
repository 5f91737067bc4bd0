package dev.walcast.server.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.server.auth.TokenIssuer;
import java.io.PrintWriter;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "token",
        mixinStandardHelpOptions = true,
        description = "Print an access token signed with the server's secret, for tests.",
        footer = {"", "Example: ./walcast token --role authenticated --sub 11111111-1111-1111-1111-111111111111"})
final class TokenCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--role",
            required = true,
            description = "The Postgres role: anon, authenticated, service_role, ...")
    private String role = "";

    @Option(names = "--sub", paramLabel = "UUID", description = "The user's id, what auth.uid() returns.")
    private @Nullable String sub;

    @Option(
            names = "--claim",
            paramLabel = "NAME=VALUE",
            description = "An additional claim. A value that is JSON is used as JSON, any other as text.")
    private Map<String, String> claims = new LinkedHashMap<>();

    @Option(names = "--expires", paramLabel = "TIME", defaultValue = "1h", description = "Valid for how long.")
    private Duration expires = Duration.ZERO;

    @Option(
            names = "--jwt-secret",
            paramLabel = "TEXT",
            description = "The server's secret. Default: that of `walcast dev`.")
    private @Nullable String jwtSecret;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            defaultValue = ".walcast",
            description = "The data folder of `walcast dev`. Its secret is used when none is given.")
    private java.nio.file.Path data = java.nio.file.Path.of(".walcast");

    @Override
    public Integer call() {
        CommandSpec command = java.util.Objects.requireNonNull(spec);
        String secret = jwtSecret != null ? jwtSecret : DevEnvironmentFile.value(data, "JWT_SECRET");
        if (secret == null) {
            throw new ParameterException(
                    command.commandLine(),
                    "There is no secret to sign with: set JWT_SECRET, or start ./walcast dev first.");
        }
        Map<String, Object> all = new LinkedHashMap<>();
        claims.forEach((name, value) -> all.put(name, valueOf(value)));
        if (sub != null) {
            all.put("sub", sub);
        }
        PrintWriter out = command.commandLine().getOut();
        out.println(new TokenIssuer(secret, Clock.systemUTC()).issue(role, all, expires));
        return 0;
    }

    private static Object valueOf(String text) {
        try {
            JsonNode node = JSON.readTree(text);
            return node == null || node.isMissingNode() ? text : JSON.convertValue(node, Object.class);
        } catch (JsonProcessingException e) {
            return text;
        }
    }
}
