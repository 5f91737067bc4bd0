package dev.walcast.rls.rows;

import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.sql.SqlText;
import java.util.ArrayList;
import java.util.List;

/// Writes a client's filter as SQL over the table itself. Values are parameters. A cast of a column to its own type
/// costs nothing, so Postgres can use indexes.
final class PredicateSql {
    private final List<String> parameters = new ArrayList<>();

    /// Returns the values for the `?`, in their order.
    List<String> parameters() {
        return parameters;
    }

    /// Returns the SQL of a predicate, which must consist of column questions.
    String of(Predicate predicate) {
        return switch (predicate) {
            case Predicate.Constant constant ->
                switch (constant.value()) {
                    case TRUE -> "true";
                    case FALSE -> "false";
                    default -> "null::pg_catalog.bool";
                };
            case Predicate.And and -> joined(and.parts(), " and ");
            case Predicate.Or or -> joined(or.parts(), " or ");
            case Predicate.Not not -> "not (" + of(not.part()) + ")";
            case Predicate.Term term -> term(term);
        };
    }

    private String joined(List<Predicate> parts, String by) {
        List<String> sql = new ArrayList<>();
        for (Predicate part : parts) {
            sql.add("(" + of(part) + ")");
        }
        return String.join(by, sql);
    }

    private String term(Predicate.Term term) {
        if (!(term.question() instanceof ColumnQuestion question)) {
            throw new IllegalArgumentException("no client's filter: " + term.question());
        }
        String expression = question.expression();
        if (question.parameter() != null) {
            expression
                    .chars()
                    .filter(c -> c == ColumnQuestion.PARAMETER)
                    .forEach(_ -> parameters.add(question.parameter()));
        }
        return question.sql(SqlText.identifier(question.column()), "cast(? as pg_catalog.text)");
    }
}
