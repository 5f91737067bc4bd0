package dev.walcast.server.setup;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.cdc.postgres.PostgresUrl;
import java.time.Clock;
import java.time.LocalDate;

/// The SQL that prepares a database for a server, in two parts for two roles. Safe to run again.
///
/// @param server      the server's login
/// @param evaluation  the login that evaluates policies and filters; without a password in the URL it is created
/// without one
/// @param publication the publication that the server reads
public record SetupScript(PostgresUrl server, PostgresUrl evaluation, String publication) {
    private static final String EVALUATOR = "walcast_evaluator";

    private static final String ADMIN = Migrations.text("admin.sql");
    private static final String RIGHTS_TRIGGER = Migrations.text("rights_trigger.sql");

    public SetupScript {
        requireNonNull(server, "server is null");
        requireNonNull(evaluation, "evaluation is null");
        requireNonNull(publication, "publication is null");
    }

    /// Uses the default name of the evaluation login.
    public SetupScript(PostgresUrl server, String publication) {
        this(server, usualEvaluation(server), publication);
    }

    private static PostgresUrl usualEvaluation(PostgresUrl server) {
        return server.withLogin(EVALUATOR, null);
    }

    /// The part that needs a superuser or a similar role. Contains the passwords of roles that are created.
    public String admin() {
        return admin(password(server), password(evaluation));
    }

    private static String password(PostgresUrl login) {
        String password = login.password();
        return password == null ? "" : " password " + literal(password);
    }

    /// The event triggers that announce changes of rights in the log. Run by a role that may not create them, it
    /// warns and creates nothing.
    public static String rightsTrigger() {
        return RIGHTS_TRIGGER;
    }

    /// The complete SQL, without passwords.
    public String print(Clock clock) {
        return "-- What Walcast needs in database " + identifier(server.database()) + ", for DATABASE_URL's role "
                + identifier(server.user()) + ". Safe to run again.\n-- `walcast setup --apply` runs part 2, and part 1"
                + " too with --admin-url. A database that has Supabase's schema realtime needs part 1 only.\n\n"
                + admin(" /* password '...' */", " /* password '...' */")
                + "\n"
                + RIGHTS_TRIGGER
                + "\n-- 2. By role "
                + identifier(server.user())
                + ", who will own it: psql \"$DATABASE_URL\"\n\n"
                + "set search_path = pg_catalog, pg_temp;\n\n" + Migrations.sql()
                + "-- The server repeats this by itself.\n"
                + PartitionUpkeep.sql(LocalDate.ofInstant(clock.instant(), java.time.ZoneOffset.UTC))
                + "\nreset search_path;\n";
    }

    private String admin(String password, String evaluationPassword) {
        return ADMIN.replace("@EVALUATION@", identifier(evaluation.user()))
                .replace("@EVALUATION_TEXT@", literal(evaluation.user()))
                .replace("@EVALUATION_IN_TEXT@", identifierInText(evaluation.user()))
                .replace("@EVALUATION_PASSWORD@", evaluationPassword)
                .replace("@DATABASE@", identifier(server.database()))
                .replace("@ROLE@", identifier(server.user()))
                .replace("@ROLE_TEXT@", literal(server.user()))
                .replace("@ROLE_IN_TEXT@", identifierInText(server.user()))
                .replace("@PASSWORD@", password)
                .replace("@PUBLICATION@", identifier(publication))
                .replace("@PUBLICATION_TEXT@", literal(publication));
    }

    /// Quotes an identifier within a string that `format` reads.
    private static String identifierInText(String name) {
        return identifier(name).replace("%", "%%").replace("'", "''");
    }

    private static String identifier(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : Identifier.quoted(name);
    }

    private static String literal(String text) {
        return (text.contains("\\") ? "E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }
}
