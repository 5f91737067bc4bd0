package dev.walcast.server.rights;

import dev.walcast.cdc.testing.TestPostgres;
import dev.walcast.server.rights.TransactionLog.Ordered;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// What Postgres allowed at each moment of a run.
///
/// The rights are replayed twice: as they were, and with each polled operation as late as the server may find it.
/// Polled operations are further apart than that, so these are all mixtures of old and new rights that may be in
/// force.
final class JudgedLog {
    /// `RIGHTS_POLL`, one query, and a busy machine.
    static final Duration POLLED_WITHIN = Duration.ofMillis(2_500);

    private final List<Ordered> log;
    private final List<Timed> operations = new ArrayList<>();
    private final List<Timed> lateOperations = new ArrayList<>();
    private final Map<Integer, RowImage> images;
    private final Map<Integer, Integer> commits = new HashMap<>();

    /// The last version of each row.
    private final Map<Integer, RowImage> current = new HashMap<>();

    private final Map<Integer, Optional<RowImage>> deleted = new HashMap<>();
    private final ReplayedRights asTheyWere;
    private final ReplayedRights late;

    /// @param commit the place of its transaction in the log
    record Timed(int commit, Ordered ordered) {
        RightsOperation operation() {
            return ordered.transaction().operation().orElseThrow();
        }

        boolean isPolled() {
            return operation().kind() == RightsOperation.Kind.POLLED;
        }

        long committing() {
            return ordered.transaction().committing();
        }

        long committed() {
            return ordered.transaction().committed();
        }
    }

    /// A change of a row in the log.
    ///
    /// @param image  the new version; of a DELETE the old one
    /// @param commit the place of its transaction in the log
    record Logged(RowChange change, RowImage image, Optional<RowImage> old, int commit, long committing) {}

    private final List<Logged> changes = new ArrayList<>();

    private JudgedLog(List<Ordered> log, Map<Integer, RowImage> images, TestPostgres postgres) throws SQLException {
        this.log = log;
        this.images = images;
        Map<RightsOperation, List<RowImage>> byTable = read();
        delayPolled();
        asTheyWere = ReplayedRights.replay(postgres, "as_they_were", plain(operations), byTable);
        late = ReplayedRights.replay(postgres, "late", plain(lateOperations), byTable);
    }

    /// Replays in other databases of the same Postgres, when the servers are gone: roles are those of all databases.
    static JudgedLog of(TransactionLog log, TestPostgres postgres) throws SQLException {
        try (Connection connection = postgres.connect()) {
            return new JudgedLog(log.ordered(connection), log.images(), postgres);
        }
    }

    private static List<RightsOperation> plain(List<Timed> operations) {
        return operations.stream().map(Timed::operation).toList();
    }

    /// @return the versions of rows by the operation that created their table
    private Map<RightsOperation, List<RowImage>> read() {
        Map<RightsOperation, List<RowImage>> byTable = new HashMap<>();
        Map<String, RightsOperation> creations = new HashMap<>();
        for (int commit = 0; commit < log.size(); commit++) {
            LoggedTransaction transaction = log.get(commit).transaction();
            if (transaction.operation().isPresent()) {
                operations.add(new Timed(commit, log.get(commit)));
                RightsOperation operation = transaction.operation().get();
                operation.created().ifPresent(table -> creations.put(table, operation));
            }
            for (RowChange change : transaction.rows()) {
                Optional<RowImage> old = Optional.ofNullable(current.get(change.id()));
                RowImage image = change.image().or(() -> old).orElseThrow();
                changes.add(new Logged(change, image, old, commit, transaction.committing()));
                if (change.image().isPresent()) {
                    current.put(change.id(), image);
                    commits.put(image.img(), commit);
                    byTable.computeIfAbsent(creations.get(change.table()), _ -> new ArrayList<>())
                            .add(image);
                } else {
                    deleted.put(change.id(), old);
                }
            }
        }
        return byTable;
    }

    private void delayPolled() {
        Deque<Timed> waiting = new ArrayDeque<>();
        for (Timed operation : operations) {
            if (operation.isPolled()) {
                waiting.add(operation);
            } else {
                while (!waiting.isEmpty() && foundAt(waiting.peek()) - operation.committing() < 0) {
                    lateOperations.add(waiting.remove());
                }
                lateOperations.add(operation);
            }
        }
        lateOperations.addAll(waiting);
    }

    private static long foundAt(Timed polled) {
        return polled.committed() + POLLED_WITHIN.toNanos();
    }

    // -- questions

    List<Logged> changes() {
        return changes;
    }

    Optional<RowImage> image(int img) {
        return Optional.ofNullable(images.get(img));
    }

    /// Of the version's INSERT or UPDATE.
    int commit(RowImage image) {
        return commits.getOrDefault(image.img(), -1);
    }

    /// The last version of a row that was deleted.
    Optional<RowImage> deleted(int id) {
        return deleted.getOrDefault(id, Optional.empty());
    }

    /// Whether the version is its row's in the end.
    boolean isLast(RowImage image) {
        return image.equals(current.get(image.id())) && !deleted.containsKey(image.id());
    }

    /// The place of the last transaction up to a position.
    int commitAt(String position) {
        long end = Long.parseUnsignedLong(position.split("-")[1], 16);
        int commit = -1;
        while (commit + 1 < log.size() && log.get(commit + 1).end() <= end) {
            commit++;
        }
        return commit;
    }

    /// Whether the version may be delivered to the viewer: some state between the commit and the receipt shows it.
    boolean mayReceive(TestViewer viewer, RowImage image, Set<String> columns, int commit, long received) {
        return asTheyWere.ever(viewer, image, columns, state(operations, commit), begun(operations, received))
                || late.ever(viewer, image, columns, state(lateOperations, commit), begun(lateOperations, received));
    }

    /// Whether each state from the commit on shows the version.
    boolean mustReceive(TestViewer viewer, RowImage image, Set<String> columns, int commit) {
        return asTheyWere.always(viewer, image, columns, state(operations, commit))
                && late.always(viewer, image, columns, state(lateOperations, commit));
    }

    /// The state at a commit: that of the last operation which the server must know then.
    private int state(List<Timed> among, int commit) {
        long committing = log.get(commit).transaction().committing();
        int state = 0;
        for (int i = 0; i < among.size(); i++) {
            Timed operation = among.get(i);
            boolean isLate = among == lateOperations && operation.isPolled();
            if (isLate ? foundAt(operation) - committing < 0 : operation.commit() <= commit) {
                state = i + 1;
            }
        }
        return state;
    }

    /// The last state that may have begun at a time.
    private static int begun(List<Timed> among, long time) {
        int state = 0;
        for (int i = 0; i < among.size(); i++) {
            if (among.get(i).committing() - time <= 0) {
                state = i + 1;
            }
        }
        return state;
    }

    // -- stories

    /// Which operation took the row from the viewer before it was committed; empty when the viewer never saw it.
    Optional<Timed> takenBy(TestViewer viewer, RowImage image, Set<String> columns, int commit) {
        for (int state = state(operations, commit); state > 0; state--) {
            if (asTheyWere.at(viewer, image.table(), state - 1).shows(image.img(), columns)) {
                return Optional.of(operations.get(state - 1));
            }
        }
        return Optional.empty();
    }

    /// The table's last creation before a commit, except the first.
    Optional<Timed> createdBy(String table, int commit) {
        return operations.stream()
                .skip(RightsDatabase.TABLES.size())
                .filter(one -> one.commit() <= commit
                        && one.operation().created().filter(table::equals).isPresent())
                .reduce((earlier, last) -> last);
    }

    /// Whether another table may have had the row's table's name when the row was received.
    boolean isOfDroppedTable(RowImage image, long received) {
        return operations.stream()
                .anyMatch(one -> one.commit() > commit(image)
                        && one.committing() - received <= 0
                        && one.operation()
                                .created()
                                .filter(image.table()::equals)
                                .isPresent());
    }

    /// The operations that concern a table, from some time before a commit until a receipt.
    String story(String table, int commit, long received) {
        long committing = log.get(commit).transaction().committing();
        StringBuilder story = new StringBuilder();
        for (Timed one : operations) {
            if (one.operation().concerns(table)
                    && committing - one.committing() < Duration.ofSeconds(4).toNanos()
                    && one.committing() - received < 0) {
                story.append("\n      ")
                        .append(millis(one.committing() - committing))
                        .append(one.commit() <= commit ? " (before) " : " (after) ")
                        .append(one.operation())
                        .append(one.ordered().transaction().rows().isEmpty() ? "" : " with rows");
            }
        }
        return story.toString();
    }

    long committing(int commit) {
        return log.get(commit).transaction().committing();
    }

    static String millis(long nanos) {
        return "%+d ms".formatted(TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    /// How often which operation was committed.
    Map<String, Integer> counts() {
        Map<String, Integer> counts = new TreeMap<>();
        operations.forEach(one -> counts.merge(one.operation().label(), 1, Integer::sum));
        return counts;
    }
}
