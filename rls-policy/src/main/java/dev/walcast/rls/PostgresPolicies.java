package dev.walcast.rls;

import dev.walcast.rls.Catalog.Question;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;

/// Reads the policies that bind roles. Safe for any thread.
final class PostgresPolicies {
    private final PostgresRightsReader reader;

    /// @param dataSource its connections have an empty `search_path`
    PostgresPolicies(DataSource dataSource) {
        this.reader = new PostgresRightsReader(dataSource, "");
    }

    /// A pair whose table does not exist is left out.
    ///
    /// @throws SQLException also when one of the tables could not be answered for
    Map<Question, PolicySet> load(Collection<Question> questions) throws SQLException {
        if (questions.isEmpty()) {
            return Map.of();
        }
        RightsReader.Reading reading = reader.read(Set.copyOf(questions));
        for (SQLException failure : reading.unanswered().values()) {
            throw failure;
        }
        Map<Question, PolicySet> sets = new HashMap<>();
        reading.rights().forEach((question, rights) -> sets.put(question, rights.policies()));
        return sets;
    }
}
