package dev.walcast.cdc.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The rendering vectors, values of every type, and the database they need.
public final class RenderVectors {
    /// The session settings with which the vectors' types are found and their texts are as in the feed.
    public static final String SESSION =
            "set datestyle = 'ISO, MDY'; set timezone = 'UTC'; set intervalstyle = postgres;"
                    + "set extra_float_digits = 1; set bytea_output = hex; set search_path = render_types, public";

    private static final ObjectMapper JSON = new ObjectMapper();

    private RenderVectors() {}

    /// Returns the vectors without settings of their own, because the feed's settings are always the same.
    public static List<JsonNode> all() throws IOException {
        List<JsonNode> vectors = new ArrayList<>();
        for (String line : resource("/vectors/render.jsonl").lines().toList()) {
            JsonNode vector = JSON.readTree(line);
            if (!vector.has("settings")) {
                vectors.add(vector);
            }
        }
        return vectors;
    }

    /// Creates the vectors' types, and a database whose own settings would print values differently.
    public static void prepare(TestPostgres postgres) throws IOException {
        postgres.execute(resource("/vectors/setup.sql"));
        postgres.execute(
                "create extension if not exists cube schema public",
                "create extension if not exists isn schema public",
                "create publication everything for all tables",
                "alter database postgres set timezone = 'Asia/Kolkata'",
                "alter database postgres set datestyle = 'SQL, DMY'",
                "alter database postgres set intervalstyle = 'iso_8601'",
                "alter database postgres set bytea_output = 'escape'",
                "alter database postgres set extra_float_digits = 0");
    }

    private static String resource(String name) throws IOException {
        try (InputStream stream = RenderVectors.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(stream).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
