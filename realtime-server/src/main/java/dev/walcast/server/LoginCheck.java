package dev.walcast.server;

import static java.util.Objects.requireNonNull;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Warns of logins with more rights than they need. Policies and filters run code of database users, which can switch
/// back to the login with RESET ROLE. The login's rights bound what such code can do.
final class LoginCheck {
    private static final Logger log = LoggerFactory.getLogger(LoginCheck.class);

    private static final String QUERY = """
            select session_user, r.rolsuper, r.rolreplication, r.rolbypassrls,
                   exists (select from pg_catalog.pg_roles b
                            where b.rolbypassrls operator(pg_catalog.=) true
                              and pg_catalog.pg_has_role(r.oid, b.oid, 'MEMBER'))
              from pg_catalog.pg_roles r where r.rolname operator(pg_catalog.=) session_user""";

    private final DataSource server;
    private final DataSource evaluation;
    private final boolean separate;

    /// @param separate whether the evaluation login differs from the server's
    LoginCheck(DataSource server, DataSource evaluation, boolean separate) {
        this.server = requireNonNull(server, "server is null");
        this.evaluation = requireNonNull(evaluation, "evaluation is null");
        this.separate = separate;
    }

    /// The attributes of a login.
    private record Login(String name, boolean superuser, boolean replication, boolean bypassesRls, boolean member) {
        static Login read(DataSource dataSource) throws SQLException {
            try (Connection connection = dataSource.getConnection();
                    Statement statement = connection.createStatement();
                    ResultSet row = statement.executeQuery(QUERY)) {
                row.next();
                return new Login(
                        row.getString(1), row.getBoolean(2), row.getBoolean(3), row.getBoolean(4), row.getBoolean(5));
            }
        }
    }

    void warn() throws SQLException {
        warnings().forEach(log::warn);
    }

    List<String> warnings() throws SQLException {
        List<String> warnings = new ArrayList<>();
        Login own = Login.read(server);
        if (own.superuser) {
            warnings.add(
                    "Role \"" + own.name + "\" in DATABASE_URL is a superuser: a role with LOGIN and REPLICATION is"
                            + " enough. See `walcast setup --print`.");
        }
        if (!separate) {
            warnings.add("EVALUATION_DATABASE_URL is not set: policies and filters are evaluated by role \"" + own.name
                    + "\", and code of database users that they call can switch back to it. `walcast setup` creates a role"
                    + " without rights for this.");
            return warnings;
        }
        Login evaluator = Login.read(evaluation);
        if (evaluator.superuser || evaluator.replication || evaluator.bypassesRls || evaluator.member) {
            warnings.add("Role \"" + evaluator.name + "\" in EVALUATION_DATABASE_URL should have neither SUPERUSER,"
                    + " REPLICATION nor BYPASSRLS, nor be a member of a role with BYPASSRLS.");
        }
        return warnings;
    }
}
