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

/// A [RightsReader] that isolates tables whose catalog rows cannot be read, such as a name that is not valid text in a
/// `SQL_ASCII` database. When a reading fails, it reads the halves separately, so that all other tables are answered.
/// Each table of such an answer is in one state, but the tables may be in states of different times.
public final class FaultIsolatingRightsReader implements RightsReader {
    /// The most failed readings of one call, so that many bad tables have a bounded cost.
    private static final int READINGS_MAX = 200;

    /// The class of SQLSTATEs for invalid values.
    private static final String DATA_EXCEPTION = "22";

    private final RightsReader reader;

    /// Makes a reader around another one.
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

        /// Joins the parts. The first part was read first, so its snapshot holds for all of them.
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
            return new Reading(parts.getFirst().snapshot(), rights, unanswered, unsettled);
        }
    }
}
