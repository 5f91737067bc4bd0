package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import javax.sql.DataSource;

/// Knows whether the database has functions that may wrongly call themselves IMMUTABLE. Postgres keeps in a
/// session's plans what such a function answered; policies' functions that call one would answer the next viewer
/// with it. Safe for any thread.
final class MisdeclaredFunctions {
    /// Functions of extensions, and those written in C, are taken to be what they say.
    private static final String QUERY = """
            select exists (
              select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid operator(pg_catalog.=) p.prolang
               where p.oid operator(pg_catalog.>=) 16384::pg_catalog.oid and p.provolatile operator(pg_catalog.=) 'i'
                 and l.lanname not in ('internal', 'c')
                 and not exists (
                   select from pg_catalog.pg_depend d
                    where d.classid operator(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
                      and d.objid operator(pg_catalog.=) p.oid and d.deptype operator(pg_catalog.=) 'e'))""";

    private final DataSource dataSource;
    private final Recent<String, Boolean> recent = new Recent<>(System::nanoTime);

    MisdeclaredFunctions(DataSource dataSource) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    /// The answer is at most [Recent#MAX_AGE] old.
    boolean mayExist() throws SQLException {
        return requireNonNull(recent.<SQLException, SQLException>get("", this::look));
    }

    private Boolean look() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(QUERY)) {
            row.next();
            return row.getBoolean(1);
        }
    }
}
