package dev.walcast.rls.rights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.rights.RightsReader.Reading;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FaultIsolatingRightsReaderTest {
    private final Set<TableId> bad = new HashSet<>();
    private String state = "22021";
    private int readings;
    private final RightsReader reader = new FaultIsolatingRightsReader(this::read);

    private Reading read(Set<AccessQuestion> questions) throws SQLException {
        readings++;
        if (questions.stream().anyMatch(question -> bad.contains(question.table()))) {
            throw new SQLException("invalid byte sequence", state);
        }
        Map<AccessQuestion, TableRights> rights = questions.stream()
                .collect(Collectors.toMap(
                        question -> question,
                        question -> TableRights.withoutPolicies(
                                new TableAccess(question.table(), true, true, false, java.util.List.of()))));
        PgSnapshot snapshot = new PgSnapshot(readings, readings, Set.of(), Lsn.ZERO);
        return new Reading(snapshot, rights, Map.of(), Set.of());
    }

    private static TableId table(int number) {
        return new TableId("public", "t" + number);
    }

    private static Set<AccessQuestion> questions(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new AccessQuestion("anon", table(i)))
                .collect(Collectors.toSet());
    }

    @Test
    void badTableDoesNotAffectOthers() throws Exception {
        bad.add(table(7));
        Reading reading = reader.read(questions(100));
        assertThat(reading.unanswered()).containsOnlyKeys(table(7));
        assertThat(reading.rights()).hasSize(99);
        assertThat(readings).isLessThan(20);
    }

    @Test
    void goodTablesAreReadTogether() throws Exception {
        assertThat(reader.read(questions(100)).rights()).hasSize(100);
        assertThat(readings).isOne();
    }

    @Test
    void snapshotOfFirstPartCounts() throws Exception {
        bad.add(table(7));
        long first = reader.read(questions(8)).snapshot().xmin();
        assertThat(first).isLessThan(readings);
    }

    @Test
    void unreachablePostgresIsNoBadTable() {
        bad.add(table(7));
        state = "08006";
        assertThatThrownBy(() -> reader.read(questions(8))).isInstanceOf(SQLException.class);
        assertThat(readings).isOne();
    }

    @Test
    void onlyBadTablesThrow() {
        IntStream.range(0, 4).mapToObj(FaultIsolatingRightsReaderTest::table).forEach(bad::add);
        assertThatThrownBy(() -> reader.read(questions(4))).hasMessageContaining("invalid byte");
    }
}
