package dev.walcast.server.rights;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// A transaction that changes rights, perhaps with rows before, between and after its statements.
///
/// @param kind    how soon the server must know of it
/// @param tables  the tables concerned; empty for all
/// @param created the table that is created again by this operation
record RightsOperation(Kind kind, String label, Set<String> tables, Optional<String> created, List<Part> parts) {
    enum Kind {
        /// Holds for every row that is committed later.
        EXACT,
        /// The server finds it by polling.
        POLLED
    }

    sealed interface Part {}

    /// @param liveOnly not repeated where the operation is judged: keys, replica identity, publications
    record Statement(String sql, boolean liveOnly) implements Part {}

    record Row(RowChange change) implements Part {}

    static RightsOperation exact(String label, String table, String... statements) {
        return new RightsOperation(Kind.EXACT, label, Set.of(table), Optional.empty(), parts(statements));
    }

    static RightsOperation exactForAll(String label, String... statements) {
        return new RightsOperation(Kind.EXACT, label, Set.of(), Optional.empty(), parts(statements));
    }

    static RightsOperation polled(String label, String... statements) {
        return new RightsOperation(Kind.POLLED, label, Set.of(), Optional.empty(), parts(statements));
    }

    private static List<Part> parts(String... statements) {
        List<Part> parts = new ArrayList<>();
        for (String statement : statements) {
            parts.add(new Statement(statement, false));
        }
        return parts;
    }

    RightsOperation with(List<Part> others) {
        return new RightsOperation(kind, label, tables, created, List.copyOf(others));
    }

    boolean concerns(String table) {
        return tables.isEmpty() || tables.contains(table);
    }

    /// The statements that are repeated in the judge's database.
    List<String> judgedStatements() {
        return parts.stream()
                .filter(part -> part instanceof Statement statement && !statement.liveOnly())
                .map(part -> ((Statement) part).sql())
                .toList();
    }

    @Override
    public String toString() {
        return label + " {" + String.join("; ", judgedStatements()) + "}";
    }
}
