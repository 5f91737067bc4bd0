package dev.walcast.filters.predicate;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// A condition over one row, resolved against its table: what a client's filter and a policy both become. Two
/// predicates are equal when they ask the same.
public sealed interface Predicate {
    /// In SQL's logic, from left to right; [Truth#UNDECIDED] when it hangs on a question that `answers` does not
    /// answer.
    Truth test(Row row, RowAnswers answers);

    /// Names the questions without whose answers the predicate stays undecided for this row.
    void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action);

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

    static Predicate not(Predicate part) {
        return switch (part) {
            case Not not -> not.part;
            case Constant constant -> new Constant(constant.value.not());
            default -> new Not(part);
        };
    }

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

    record And(List<Predicate> parts) implements Predicate {
        public And {
            parts = List.copyOf(parts);
        }

        @Override
        public Truth test(Row row, RowAnswers answers) {
            Truth result = Truth.TRUE;
            for (Predicate part : parts) {
                Truth truth = part.test(row, answers);
                if (truth == Truth.FALSE) {
                    return truth;
                }
                if (truth == Truth.FAILED) {
                    return afterError(result);
                }
                result = weaker(result, truth);
            }
            return result;
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            if (test(row, answers) == Truth.UNDECIDED) {
                parts.forEach(part -> part.undecided(row, answers, action));
            }
        }
    }

    record Or(List<Predicate> parts) implements Predicate {
        public Or {
            parts = List.copyOf(parts);
        }

        @Override
        public Truth test(Row row, RowAnswers answers) {
            Truth result = Truth.FALSE;
            for (Predicate part : parts) {
                Truth truth = part.test(row, answers);
                if (truth == Truth.TRUE) {
                    return truth;
                }
                if (truth == Truth.FAILED) {
                    return afterError(result);
                }
                result = weaker(result, truth);
            }
            return result;
        }

        @Override
        public void undecided(Row row, RowAnswers answers, Consumer<RowQuestion> action) {
            if (test(row, answers) == Truth.UNDECIDED) {
                parts.forEach(part -> part.undecided(row, answers, action));
            }
        }
    }

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

    /// One comparison: a question to Postgres, and what memory can say of it.
    ///
    /// @param test equal tests for equal questions about the same columns
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

        /// A column that was dropped and made again under its name is another one.
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

    /// Parts are evaluated from left to right, and an error ends it; but an undecided part before may yet spare
    /// that.
    private static Truth afterError(Truth before) {
        return before == Truth.UNDECIDED || before == Truth.INAPPLICABLE ? before : Truth.FAILED;
    }

    /// Neither is the value that decides the whole.
    private static Truth weaker(Truth one, Truth other) {
        if (one == Truth.INAPPLICABLE || other == Truth.INAPPLICABLE) {
            return Truth.INAPPLICABLE;
        }
        if (one == Truth.UNDECIDED || other == Truth.UNDECIDED) {
            return Truth.UNDECIDED;
        }
        return one == Truth.UNKNOWN ? one : other;
    }

    /// The parts of a conjunction, the predicate itself when it is none.
    default List<Predicate> conjuncts() {
        return this instanceof And and ? and.parts : List.of(this);
    }

    /// Whether some row could need a question: such a predicate's subscriptions may have to wait for Postgres.
    default boolean mayAsk() {
        return switch (this) {
            case Constant _ -> false;
            case And and -> and.parts.stream().anyMatch(Predicate::mayAsk);
            case Or or -> or.parts.stream().anyMatch(Predicate::mayAsk);
            case Not not -> not.part.mayAsk();
            case Term term -> !term.test.decidesAlways();
        };
    }

    /// Whether such a question may hang on a pattern, and so cost Postgres much.
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

    /// The columns that its terms look at.
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
