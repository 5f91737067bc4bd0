package dev.walcast.server.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.server.settings.SettingsSource;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// The output of commands never contains a value of the environment or of the settings file.
class PrintedSecretsTest {
    private static final String SECRET = "a-word-that-must-not-be-printed";

    private record Printed(int code, String text) {}

    /// Every option that takes a text is set to the secret.
    private static Map<String, String> everyText() {
        Map<String, String> environment = new TreeMap<>();
        WalcastCommand.commandLine(Map.of(), Map.of()).getSubcommands().values().stream()
                .flatMap(command -> command.getCommandSpec().options().stream())
                .filter(option -> option.longestName().startsWith("--") && option.type() == String.class)
                .forEach(option -> environment.put(SettingsSource.nameOf(option), SECRET));
        return environment;
    }

    private static Printed run(Map<String, String> environment, Map<String, String> file, String... arguments) {
        StringWriter printed = new StringWriter();
        CommandLine line = WalcastCommand.commandLine(environment, file);
        line.setOut(new PrintWriter(printed));
        line.setErr(new PrintWriter(printed));
        return new Printed(line.execute(arguments), printed.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"serve", "dev", "setup", "token", "listen"})
    void helpShowsNoConfiguredValue(String command) {
        assertThat(everyText()).containsKeys("JWT_SECRET", "DATABASE_URL", "EVALUATION_DATABASE_URL", "SECRET_KEYS");
        Printed help = run(everyText(), everyText(), command, "--help");
        assertThat(help.code).isZero();
        assertThat(help.text).contains("Usage: walcast " + command).doesNotContain(SECRET);
    }

    @Test
    void helpShowsItsOwnDefaults() {
        assertThat(run(Map.of("PORT", "5999"), Map.of(), "serve", "--help").text)
                .contains("Default: 4000")
                .doesNotContain("5999");
    }

    @Test
    void badValueIsNamedWithoutTheOthers() {
        Map<String, String> environment = new TreeMap<>(everyText());
        environment.put("OUTBOX", "32MB");
        Printed refused = run(environment, Map.of(), "serve");
        assertThat(refused.code).isEqualTo(2);
        assertThat(refused.text)
                .contains("'32MB' is not a size", "OUTBOX", "walcast serve --help")
                .doesNotContain(SECRET);
        assertThat(refused.text.lines()).hasSizeLessThan(4);
    }

    @Test
    void mistypedOptionIsNamedWithoutItsValue() {
        Printed refused = run(Map.of(), Map.of(), "serve", "--jwt-secrett=" + SECRET);
        assertThat(refused.code).isEqualTo(2);
        assertThat(refused.text).contains("There is no option --jwt-secrett").doesNotContain(SECRET);
    }

    @Test
    void partOfValueIsNotRepeated() {
        Printed refused = run(Map.of(), Map.of(), "serve", "--jwt-secret", "first", SECRET);
        assertThat(refused.code).isEqualTo(2);
        assertThat(refused.text.toLowerCase(Locale.ROOT)).contains("quotes").doesNotContain(SECRET);
    }
}
