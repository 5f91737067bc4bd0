package dev.walcast.server.clients;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.walcast.server.testing.NodeScript;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The clients of the matrix, in the version of their registry.
enum ClientKind {
    SUPABASE_JS("supabase-js", "`@supabase/supabase-js` %s", "@supabase/supabase-js"),
    REALTIME_JS("realtime-js", "`@supabase/realtime-js` %s (serializer 1.0.0)", "realtime-js-2-11"),
    PHOENIX("phoenix", "`phoenix` %s (npm)", "phoenix"),
    SUPABASE_KT("", "`realtime-kt` %s (supabase-kt)", "realtime-kt-jvm");

    private final String argument;
    private final String title;
    private final String artifact;

    ClientKind(String argument, String title, String artifact) {
        this.argument = argument;
        this.title = title;
        this.artifact = artifact;
    }

    /// A client of its own process, not joined to anything yet.
    NodeScript start(String url, String token) throws Exception {
        Map<String, String> environment = Map.of("WALCAST_URL", url, "ANON_KEY", token);
        return this == SUPABASE_KT
                ? NodeScript.startJvm("dev.walcast.server.clients.KotlinClientKt", environment)
                : NodeScript.start("client.mjs", argument, environment);
    }

    String title() throws Exception {
        return title.formatted(version());
    }

    private String version() throws Exception {
        if (this != SUPABASE_KT) {
            String version = new ObjectMapper()
                    .readTree(Path.of("src/test/js/package.json").toFile())
                    .path("dependencies")
                    .path(artifact)
                    .asText();
            return version.substring(version.lastIndexOf('@') + 1);
        }
        Pattern jar = Pattern.compile(artifact + "-([\\d.]+)\\.jar");
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(jar::matcher)
                .filter(Matcher::find)
                .map(found -> found.group(1))
                .findFirst()
                .orElseThrow();
    }
}
