package dev.walcast.server.dev;

import dev.walcast.server.auth.TokenIssuer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;

/// The keys and addresses of a development server, as printed and as written to `dev.env`.
///
/// @param adminToken opens the admin port
/// @param serverUrl  empty until [#write(Path, String, String)]
/// @param adminUrl   of the admin port; empty until then
public record DevEnvironment(
        String jwtSecret,
        String anonKey,
        String serviceKey,
        String databaseUrl,
        String adminToken,
        String serverUrl,
        String adminUrl) {
    private static final Duration KEYS_VALID_FOR = Duration.ofDays(3650);

    /// Loads the environment. The secret is created once for each data folder.
    public static DevEnvironment load(Path folder, String databaseUrl, Clock clock) throws IOException {
        String secret = PrivateFile.readOrCreate(folder.resolve("jwt-secret"), RandomText::ofLength32);
        TokenIssuer issuer = new TokenIssuer(secret, clock);
        return new DevEnvironment(
                secret,
                issuer.issue("anon", Map.of(), KEYS_VALID_FOR),
                issuer.issue("service_role", Map.of(), KEYS_VALID_FOR),
                databaseUrl,
                PrivateFile.readOrCreate(folder.resolve("admin-token"), RandomText::ofLength32),
                "",
                "");
    }

    /// Writes `dev.env`, readable by its owner only.
    ///
    /// @return the environment with both URLs
    public DevEnvironment write(Path folder, String url, String admin) throws IOException {
        PrivateFile.write(folder.resolve("dev.env"), """
                WALCAST_URL=%s
                ANON_KEY=%s
                SERVICE_KEY=%s
                JWT_SECRET=%s
                DATABASE_URL=%s
                ADMIN_URL=%s
                ADMIN_TOKEN=%s
                """.formatted(
                        url, anonKey, serviceKey, jwtSecret, databaseUrl, admin, adminToken));
        return new DevEnvironment(jwtSecret, anonKey, serviceKey, databaseUrl, adminToken, url, admin);
    }

    /// The text with the next steps for a new user.
    public String welcome(Path folder) {
        return """

                Walcast is ready.

                  Page          %1$s/
                  Database      %2$s
                  anon key      %3$s
                  service key   %4$s
                  Admin port    %6$s/metrics (with ADMIN_TOKEN)
                  All of these  %5$s

                Listen from JavaScript (npm install @supabase/supabase-js):

                  import { createClient } from '@supabase/supabase-js'
                  const walcast = createClient('%1$s', '%3$s')
                  walcast.channel('demo')
                    .on('postgres_changes', { event: '*', schema: 'public', table: 'messages' }, console.log)
                    .subscribe(console.log)

                Then change a row:

                  psql '%2$s' -c "insert into messages (room_id, body) values ('general', 'hello')"

                Ctrl-C stops everything.
                """.formatted(serverUrl, databaseUrl, anonKey, serviceKey, folder.resolve("dev.env"), adminUrl);
    }
}
