package dev.walcast.server.messages;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.PostgresUrl;
import java.time.Clock;
import java.time.LocalDate;

/// The SQL that prepares a database for a server, in two parts by who has to run it. Safe to run again.
///
/// @param server      whom the server will log in as
/// @param publication what will be listened to
public record SetupScript(PostgresUrl server, String publication) {
    private static final String ADMIN = Migrations.text("admin.sql");

    public SetupScript {
        requireNonNull(server, "server is null");
        requireNonNull(publication, "publication is null");
    }

    /// What only a superuser, or the like, may do. Holds the password of the URL, for a role that has to be made.
    public String admin() {
        String password = server.password();
        return admin(password == null ? "" : " password " + literal(password));
    }

    /// All of it, without any password.
    public String print(Clock clock) {
        return "-- What Walcast needs in database " + identifier(server.database()) + ", for DATABASE_URL's role "
                + identifier(server.user()) + ". Safe to run again.\n-- `walcast setup --apply` runs part 2, and part 1"
                + " too with --admin-url. A database that has Supabase's schema realtime needs part 1 only.\n\n"
                + admin(" /* password '...' */")
                + "\n-- 2. By role "
                + identifier(server.user())
                + ", who will own it: psql \"$DATABASE_URL\"\n\n"
                + Migrations.sql()
                + "-- The server goes on with this by itself.\n"
                + PartitionUpkeep.sql(LocalDate.ofInstant(clock.instant(), java.time.ZoneOffset.UTC));
    }

    private String admin(String password) {
        return ADMIN.replace("@DATABASE@", identifier(server.database()))
                .replace("@ROLE@", identifier(server.user()))
                .replace("@ROLE_TEXT@", literal(server.user()))
                .replace(
                        "@ROLE_IN_TEXT@",
                        identifier(server.user()).replace("%", "%%").replace("'", "''"))
                .replace("@PASSWORD@", password)
                .replace("@PUBLICATION@", identifier(publication))
                .replace("@PUBLICATION_TEXT@", literal(publication));
    }

    private static String identifier(String name) {
        return name.matches("[a-z_][a-z0-9_]*") ? name : "\"" + name.replace("\"", "\"\"") + "\"";
    }

    private static String literal(String text) {
        return (text.contains("\\") ? "E'" : "'") + text.replace("\\", "\\\\").replace("'", "''") + "'";
    }
}
