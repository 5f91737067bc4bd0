package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.rls.Catalog.Question;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;

/// Reads rights and policies from the catalog of a real Postgres. Safe for any thread.
public final class PostgresRightsReader implements RightsReader {
    private static final PolicySet NO_POLICIES = new PolicySet(java.util.List.of(), Map.of(), Map.of(), Set.of());

    private final DataSource isolated;
    private final PostgresCatalog catalog;
    private final PostgresPolicies policies;

    /// @param isolated of connections made by [IsolatedConnections]
    public PostgresRightsReader(DataSource isolated, String publication) {
        this.isolated = requireNonNull(isolated, "isolated is null");
        this.catalog = new PostgresCatalog(isolated, publication);
        this.policies = new PostgresPolicies(isolated);
    }

    @Override
    public Reading read(Set<Question> questions) throws SQLException {
        Moment moment = moment();
        Map<Question, TableAccess> accesses = catalog.access(questions);
        Map<Question, PolicySet> sets = policies.load(accesses.keySet());
        Map<Question, TableRights> rights = new HashMap<>();
        accesses.forEach((question, access) ->
                rights.put(question, new TableRights(access, sets.getOrDefault(question, NO_POLICIES))));
        return new Reading(moment, rights, Map.of(), Set.of());
    }

    private Moment moment() throws SQLException {
        try (Connection connection = isolated.getConnection();
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select pg_catalog.pg_current_snapshot()::text")) {
            row.next();
            return Moment.parse(row.getString(1), Lsn.ZERO);
        }
    }
}
