package dev.walcast.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.server.auth.TokenIssuer;
import dev.walcast.server.dev.DemoDatabase;
import dev.walcast.server.dev.DevDatabase;
import dev.walcast.server.dev.DevEnvironment;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;

/// The Postgres of `walcast dev` without a server: for one that is started with settings. Prints what is needed to use
/// it as one line of JSON; ends with its input. Argument: the data folder.
public final class Database {
    private static final String SUBJECT = "11111111-1111-4111-8111-111111111111";

    private Database() {}

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        try (DevDatabase postgres = DevDatabase.start(folder, 0);
                DemoDatabase demo = DemoDatabase.prepare(postgres)) {
            Thread hook = new Thread(() -> close(postgres));
            Runtime.getRuntime().addShutdownHook(hook);
            DevEnvironment keys = DevEnvironment.load(folder, postgres.superuserUrl(), Clock.systemUTC());
            String user = new TokenIssuer(keys.jwtSecret(), Clock.systemUTC())
                    .issue("authenticated", Map.of("sub", SUBJECT), Duration.ofHours(2));
            System.out.println(new ObjectMapper()
                    .writeValueAsString(Map.of(
                            "superuserUrl", postgres.superuserUrl(),
                            "serverUrl", demo.serverUrl(),
                            "jwtSecret", keys.jwtSecret(),
                            "anonKey", keys.anonKey(),
                            "userToken", user)));
            while (System.in.read() >= 0) {}
        }
    }

    private static void close(DevDatabase postgres) {
        try {
            postgres.close();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }
}
