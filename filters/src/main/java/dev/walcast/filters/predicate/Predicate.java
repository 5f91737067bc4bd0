package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// A condition over one row, resolved against its table. Filters and policies both become predicates. Two
/// predicates are equal when they test the same condition.
public sealed interface Predicate {
    /// Evaluates the condition in SQL's logic, from left to right. Returns [Truth#UNDECIDED] when the result
    /// depends on a question that `answers` has no answer for.
    Truth test(Row row, RowAnswers answers);

    /// Passes each unanswered question to the action that the result for this row depends on.
    void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action);

    /// Returns a predicate that is true when all parts are true.
    static Predicate and(List<Predicate> parts) {
        List<Predicate> flat = new ArrayList<>();
        for (Predicate part : parts) {
            if (part instanceof And and) {
                flat.addAll(and.parts);
            } else if (!part.equals(Constant.ALWAYS)) {
                flat.add(part);
            }
        }
        if (flat.contains(Constant.NEVER)) {
            return Constant.NEVER;
        }
        return switch (flat.size()) {
            case 0 -> Constant.ALWAYS;
            case 1 -> flat.getFirst();
            default -> new And(flat);
        };
    }

    /// Returns a predicate that is true when one part is true.
    static Predicate or(List<Predicate> parts) {
        List<Predicate> flat = new ArrayList<>();
        for (Predicate part : parts) {
            if (part instanceof Or or) {
                flat.addAll(or.parts);
            } else if (!part.equals(Constant.NEVER)) {
                flat.add(part);
            }
        }
        if (flat.contains(Constant.ALWAYS)) {
            return Constant.ALWAYS;
        }
        return switch (flat.size()) {
            case 0 -> Constant.NEVER;
            case 1 -> flat.getFirst();
            default -> new Or(flat);
        };
    }

    /// Returns the negation.
    static Predicate not(Predicate part) {
        return switch (part) {
            case Not not -> not.part;
            case Constant constant -> new Constant(constant.value.not());
            default -> new Not(part);
        };
    }

    /// A predicate with the same result for every row.
    record Constant(Truth value) implements Predicate {
        public static final Predicate ALWAYS = new Constant(Truth.TRUE);
        public static final Predicate NEVER = new Constant(Truth.FALSE);

        @Override
        public Truth test(Row row, RowAnswers answers) {
            return value;
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {}
    }

    /// True when all parts are true.
    record And(List<Predicate> parts) implements Predicate {
        public And {
            parts = List.copyOf(parts);
        }

        @Override
        public Truth test(Row row, RowAnswers answers) {
            return combined(parts, Truth.TRUE, Truth.FALSE, row, answers);
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            if (test(row, answers) == Truth.UNDECIDED) {
                parts.forEach(part -> part.undecided(row, answers, action));
            }
        }
    }

    /// True when one part is true.
    record Or(List<Predicate> parts) implements Predicate {
        public Or {
            parts = List.copyOf(parts);
        }

        @Override
        public Truth test(Row row, RowAnswers answers) {
            return combined(parts, Truth.FALSE, Truth.TRUE, row, answers);
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            if (test(row, answers) == Truth.UNDECIDED) {
                parts.forEach(part -> part.undecided(row, answers, action));
            }
        }
    }

    /// True when its part is false.
    record Not(Predicate part) implements Predicate {
        @Override
        public Truth test(Row row, RowAnswers answers) {
            return part.test(row, answers).not();
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            part.undecided(row, answers, action);
        }
    }

    /// One comparison: a test in memory, and the question to Postgres for the rows that memory cannot decide.
    ///
    /// @param test equal questions about the same columns have equal tests
    record Term(RowQuestion question, RowTest test) implements Predicate {
        public Term {
            requireNonNull(question, "question is null");
            requireNonNull(test, "test is null");
        }

        @Override
        public Truth test(Row row, RowAnswers answers) {
            Truth truth = test.test(row);
            return truth == Truth.UNDECIDED ? answers.of(question, row) : truth;
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            if (test(row, answers) == Truth.UNDECIDED) {
                action.accept(question);
            }
        }

        /// Two columns of one name are different when one was dropped and the other created later.
        @Override
        public boolean equals(Object other) {
            return other instanceof Term term
                    && question.equals(term.question)
                    && test.places().equals(term.test.places());
        }

        @Override
        public int hashCode() {
            return question.hashCode();
        }
    }

    /// Tests parts in their order until one decides.
    ///
    /// @param neutral  the result of no parts
    /// @param decisive the truth of a part that decides the whole
    private static Truth combined(List<Predicate> parts, Truth neutral, Truth decisive, Row row, RowAnswers answers) {
        Truth result = neutral;
        for (Predicate part : parts) {
            Truth truth = part.test(row, answers);
            if (truth == decisive) {
                return truth;
            }
            if (truth == Truth.FAILED) {
                return afterError(result);
            }
            result = weaker(result, truth);
        }
        return result;
    }

    /// Parts are evaluated from left to right, and an error ends the evaluation. An undecided part before the
    /// error may still prevent it.
    private static Truth afterError(Truth before) {
        return before == Truth.UNDECIDED || before == Truth.INAPPLICABLE ? before : Truth.FAILED;
    }

    /// Combines two results of which neither decides the whole.
    private static Truth weaker(Truth one, Truth other) {
        if (one == Truth.INAPPLICABLE || other == Truth.INAPPLICABLE) {
            return Truth.INAPPLICABLE;
        }
        if (one == Truth.UNDECIDED || other == Truth.UNDECIDED) {
            return Truth.UNDECIDED;
        }
        return one == Truth.UNKNOWN ? one : other;
    }

    /// Returns the parts of a conjunction; the predicate itself when it is none.
    default List<Predicate> conjuncts() {
        return this instanceof And and ? and.parts : List.of(this);
    }

    /// Whether Postgres may have to be asked for some row. Subscriptions with such a predicate may have to
    /// wait.
    default boolean mayAsk() {
        return switch (this) {
            case Constant _ -> false;
            case And and -> and.parts.stream().anyMatch(Predicate::mayAsk);
            case Or or -> or.parts.stream().anyMatch(Predicate::mayAsk);
            case Not not -> not.part.mayAsk();
            case Term term -> !term.test.decidesAlways();
        };
    }

    /// Whether such a question may depend on a pattern, and so be much work for Postgres.
    default boolean mayAskOfPattern() {
        return switch (this) {
            case Constant _ -> false;
            case And and -> and.parts.stream().anyMatch(Predicate::mayAskOfPattern);
            case Or or -> or.parts.stream().anyMatch(Predicate::mayAskOfPattern);
            case Not not -> not.part.mayAskOfPattern();
            case Term term ->
                !term.test.decidesAlways()
                        && term.question instanceof ColumnQuestion question
                        && question.effort() != ColumnQuestion.Effort.USUAL;
        };
    }

    /// Returns the columns that its terms read.
    default Set<String> columns() {
        Set<String> columns = new java.util.TreeSet<>();
        collectColumns(columns);
        return columns;
    }

    private void collectColumns(Set<String> columns) {
        switch (this) {
            case Constant _ -> {}
            case And and -> and.parts.forEach(part -> part.collectColumns(columns));
            case Or or -> or.parts.forEach(part -> part.collectColumns(columns));
            case Not not -> not.part.collectColumns(columns);
            case Term term -> columns.addAll(term.test.columns());
        }
    }
}
