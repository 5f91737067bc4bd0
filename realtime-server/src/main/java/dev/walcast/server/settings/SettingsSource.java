package dev.walcast.server.settings;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/// Supplies the values of options that are not on the command line. It looks in the environment, then in the settings
/// file, under the option's name in capitals (`--slot-name` is `SLOT_NAME`) or the reference server's name for it,
/// then in [HeapDefaults].
public final class SettingsSource implements IDefaultValueProvider {
    /// The reference server's names for some settings. Walcast's names take precedence.
    private static final Map<String, String> ALIASES =
            Map.of("JWT_SECRET", "API_JWT_SECRET", "JWT_JWKS", "API_JWT_JWKS");

    private final Map<String, String> environment;
    private final Map<String, String> file;
    private final HeapDefaults heapDefaults = HeapDefaults.ofThisProcess();

    public SettingsSource(Map<String, String> environment, Map<String, String> file) {
        this.environment = Map.copyOf(environment);
        this.file = Map.copyOf(file);
    }

    /// Reads the file named by `--config`, which is needed before the other options are parsed.
    public static Map<String, String> settingsFile(String... arguments) throws IOException {
        for (int i = 0; i < arguments.length; i++) {
            if (arguments[i].equals("--config") && i + 1 < arguments.length) {
                return readFile(Path.of(arguments[i + 1]));
            }
            if (arguments[i].startsWith("--config=")) {
                return readFile(Path.of(arguments[i].substring("--config=".length())));
            }
        }
        return Map.of();
    }

    /// Reads `NAME=value` lines.
    public static Map<String, String> readFile(Path path) throws IOException {
        Properties properties = new Properties();
        try (Reader reader = Files.newBufferedReader(path, StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> settings = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> settings.put(name, properties.getProperty(name)));
        return settings;
    }

    /// The name of an option in the environment and the settings file.
    public static String nameOf(OptionSpec option) {
        return option.longestName().substring(2).replace('-', '_').toUpperCase(Locale.ROOT);
    }

    /// Reports each name in the file that is no setting, with the most similar setting.
    public List<String> unknownNames(List<OptionSpec> options) {
        List<String> known = options.stream().map(SettingsSource::nameOf).toList();
        List<String> problems = new ArrayList<>();
        for (String name : file.keySet()) {
            if (!known.contains(name) && !ALIASES.containsValue(name)) {
                problems.add("There is no setting " + name + ". Did you mean " + nearest(name, known) + "?");
            }
        }
        return problems;
    }

    @Override
    public @Nullable String defaultValue(ArgSpec spec) {
        if (!(spec instanceof OptionSpec option) || !option.longestName().startsWith("--")) {
            return null;
        }
        String name = nameOf(option);
        String value = value(name);
        if (value == null && ALIASES.containsKey(name)) {
            return value(ALIASES.get(name));
        }
        return value == null ? heapDefaults.value(name).orElse(null) : value;
    }

    private @Nullable String value(String name) {
        String fromEnvironment = environment.get(name);
        return fromEnvironment != null && !fromEnvironment.isEmpty() ? fromEnvironment : file.get(name);
    }

    private static String nearest(String name, List<String> known) {
        String nearest = known.getFirst();
        for (String candidate : known) {
            if (distance(name, candidate) < distance(name, nearest)) {
                nearest = candidate;
            }
        }
        return nearest;
    }

    /// The Levenshtein distance.
    private static int distance(String a, String b) {
        int[] previous = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            previous[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] current = new int[b.length() + 1];
            current[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substitution = previous[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(substitution, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[b.length()];
    }
}
