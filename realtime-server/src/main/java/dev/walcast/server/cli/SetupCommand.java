package dev.walcast.server.cli;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.server.settings.SettingsException;
import dev.walcast.server.setup.Setup;
import dev.walcast.server.setup.SetupException;
import dev.walcast.server.setup.SetupScript;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "setup",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Prepare a database: role, grants, publication, and the schema realtime for private channels, replay and"
                    + " broadcasts from the database.",
            "Prints the SQL unless --apply is given. Safe to run again."
        })
final class SetupCommand implements Callable<Integer> {
    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--print", description = "Print the SQL, and which role has to run which part. The default.")
    private boolean print;

    @Option(names = "--apply", description = "Run the SQL as the role in --database-url, and print what was done.")
    private boolean apply;

    @Option(
            names = "--admin-url",
            paramLabel = "URL",
            description = "With --apply: the login that runs the first part, usually a superuser.")
    private @Nullable String adminUrl;

    @Option(names = "--database-url", paramLabel = "URL", description = "As for serve.")
    private @Nullable String databaseUrl;

    @Option(
            names = "--evaluation-database-url",
            paramLabel = "URL",
            description =
                    "As for serve: the login that evaluates policies and filters. It is created with this name and"
                            + " password. Without it, walcast_evaluator is created, without a password.")
    private @Nullable String evaluationUrl;

    @Option(
            names = "--publication",
            paramLabel = "NAME",
            defaultValue = "supabase_realtime",
            description = "As for serve.")
    private String publication = "";

    @Override
    public Integer call() throws SettingsException, SetupException {
        PrintWriter out = requireNonNull(spec).commandLine().getOut();
        PostgresUrl server = url("DATABASE_URL", databaseUrl);
        SetupScript script = evaluationUrl == null
                ? new SetupScript(server, publication)
                : new SetupScript(server, url("EVALUATION_DATABASE_URL", evaluationUrl), publication);
        if (!apply || print) {
            out.print(script.print(Clock.systemUTC()));
        }
        if (apply) {
            // dev.env names the admin port so, and it may be in the environment
            boolean isDatabase = adminUrl != null && !adminUrl.startsWith("http");
            PostgresUrl admin = isDatabase ? url("ADMIN_URL", adminUrl) : null;
            new Setup(script, admin, Clock.systemUTC()).apply(out::println);
        }
        out.flush();
        return 0;
    }

    private static PostgresUrl url(String name, @Nullable String text) throws SettingsException {
        if (text == null) {
            throw new SettingsException(
                    List.of(name + " is missing: set it to postgres://user:password@host:port/database."));
        }
        try {
            return PostgresUrl.parse(text);
        } catch (IllegalArgumentException e) {
            throw new SettingsException(List.of(name + ": " + e.getMessage()));
        }
    }
}
