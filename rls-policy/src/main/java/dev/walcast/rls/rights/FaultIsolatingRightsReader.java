package dev.walcast.rls.rights;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/// Reads rights so that a table whose catalog rows cannot be read, such as a name that is no text in a `SQL_ASCII`
/// database, leaves the others answered: what fails together is read in halves. Then the tables of one answer are
/// each in one state, but not all at the same time.
public final class FaultIsolatingRightsReader implements RightsReader {
    /// Readings for one call, so that many bad tables do not cost without end.
    private static final int READINGS_MAX = 200;

    /// The class of SQLSTATEs that blame a value.
    private static final String DATA_EXCEPTION = "22";

    private final RightsReader reader;

    public FaultIsolatingRightsReader(RightsReader reader) {
        this.reader = requireNonNull(reader, "reader is null");
    }

    @Override
    public Reading read(Set<AccessQuestion> questions) throws SQLException {
        Attempt attempt = new Attempt();
        attempt.read(questions);
        return attempt.joined();
    }

    private final class Attempt {
        private final List<Reading> parts = new ArrayList<>();
        private final Map<TableId, SQLException> bad = new HashMap<>();
        private int readings;

        void read(Set<AccessQuestion> questions) throws SQLException {
            try {
                parts.add(reader.read(questions));
            } catch (SQLException e) {
                if (!String.valueOf(e.getSQLState()).startsWith(DATA_EXCEPTION) || ++readings > READINGS_MAX) {
                    throw e;
                }
                readApart(questions, e);
            }
        }

        private void readApart(Set<AccessQuestion> questions, SQLException failure) throws SQLException {
            List<TableId> tables =
                    questions.stream().map(AccessQuestion::table).distinct().toList();
            if (tables.size() < 2) {
                tables.forEach(table -> bad.put(table, failure));
                return;
            }
            Set<TableId> first = Set.copyOf(tables.subList(0, tables.size() / 2));
            Map<Boolean, Set<AccessQuestion>> halves = questions.stream()
                    .collect(Collectors.partitioningBy(
                            question -> first.contains(question.table()), Collectors.toUnmodifiableSet()));
            read(requireNonNull(halves.get(true)));
            read(requireNonNull(halves.get(false)));
        }

        /// The first part began first, so the others show at least as much.
        Reading joined() throws SQLException {
            if (parts.isEmpty()) {
                throw bad.values().iterator().next();
            }
            if (parts.size() == 1 && bad.isEmpty()) {
                return parts.getFirst();
            }
            Map<AccessQuestion, TableRights> rights = new HashMap<>();
            Map<TableId, SQLException> unanswered = new HashMap<>(bad);
            Set<TableId> unsettled = new HashSet<>();
            for (Reading part : parts) {
                rights.putAll(part.rights());
                unanswered.putAll(part.unanswered());
                unsettled.addAll(part.unsettled());
            }
            return new Reading(parts.getFirst().moment(), rights, unanswered, unsettled);
        }
    }
}
