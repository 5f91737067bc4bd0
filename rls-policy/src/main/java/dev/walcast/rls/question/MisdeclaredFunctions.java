package dev.walcast.rls.question;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.cache.SingleFlightCache;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.LongSupplier;
import javax.sql.DataSource;

/// Finds out whether the database has functions that may be declared IMMUTABLE wrongly. Postgres keeps the result of
/// such a function in the plans of a session, so a function of a policy that calls it would use that result for the
/// next viewer. Safe for any thread.
final class MisdeclaredFunctions {
    /// Trusts functions of extensions and functions in C. Trusts bodies that read no table and no user, and that
    /// call only immutable functions of Postgres whose names no user function has.
    private static final String QUERY = """
            select exists (
              select from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
               where p.oid >= 16384 and p.provolatile = 'i' and l.lanname not in ('internal', 'c')
                 and not exists (select from pg_catalog.pg_depend d
                                  where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
                 and (l.lanname not in ('sql', 'plpgsql') or p.prosqlbody is not null
                      or p.prosrc ~* '"|\\m(from|table|execute|perform|call|current_[a-z]+|session_user|user|localtime[a-z]*)\\M'
                      or exists (
                        select from pg_catalog.regexp_matches(pg_catalog.lower(p.prosrc), '([a-z_][a-z0-9_$.]*)\\s*\\(', 'g') c (call)
                         where c.call[1] not in ('select', 'coalesce', 'nullif', 'greatest', 'least', 'case', 'when', 'then', 'else',
                                                 'and', 'or', 'not', 'in', 'any', 'all', 'if', 'elsif', 'return', 'cast', 'row', 'array', 'values')
                           and (select coalesce(pg_catalog.bool_or(b.provolatile <> 'i' or b.oid >= 16384), true)
                                  from pg_catalog.pg_proc b where b.proname = pg_catalog.replace(c.call[1], 'pg_catalog.', '')))))""";

    private final DataSource dataSource;
    private final SingleFlightCache<String, Boolean> recent;

    MisdeclaredFunctions(DataSource dataSource, LongSupplier nanoTime) {
        this.recent = new SingleFlightCache<>(nanoTime);
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
    }

    /// Whether such functions may exist. Blocks. The answer is at most [SingleFlightCache#MAX_AGE] old.
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
