package dev.walcast.filters;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Column;
import dev.walcast.filters.FilterNode.Condition;
import dev.walcast.filters.FilterNode.Group;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.ColumnQuestion.Effort;
import dev.walcast.filters.predicate.LikePattern;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Predicate.Term;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ColumnType;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.filters.values.ComparableTypes;
import dev.walcast.filters.values.Comparison;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Resolves a filter against a table: finds the operators of its columns' types and reads its values. A filter
/// that Postgres cannot evaluate is refused here, with Postgres' own message, and not at a change. Every
/// operator is written with its schema, so no operator that a user made replaces one of Postgres.
public final class FilterResolver {
    private static final int IN_VALUES_MAX = 100;

    /// Postgres' own message for an expression that is too complex.
    private static final String TOO_COMPLEX =
            "invalid regular expression for match filter: invalid regular expression: regular expression is too complex";

    private final FilterDatabase database;
    private final RoleSession session;

    public FilterResolver(FilterDatabase database) {
        this(database, RoleSession.NO_ROLE);
    }

    private FilterResolver(FilterDatabase database, RoleSession session) {
        this.database = requireNonNull(database, "database is null");
        this.session = requireNonNull(session, "session is null");
    }

    /// The columns that a filter may use.
    public interface Columns {
        /// Returns the type of a readable column; null for any other name, so that a filter cannot find out
        /// whether it exists.
        @Nullable
        ColumnType type(String name);

        /// Returns `pg_attribute.attnum` of a readable column, or [Column#BY_NAME].
        int number(String name);

        /// Whether changes carry the column.
        default boolean carries(String name) {
            return false;
        }

        /// Returns columns that are identified by their names alone.
        ///
        /// @param types returns a readable column's type by its name; null for any other name
        static Columns byName(Function<String, @Nullable ColumnType> types) {
            return new Columns() {
                @Override
                public @Nullable ColumnType type(String name) {
                    return types.apply(name);
                }

                @Override
                public int number(String name) {
                    return Column.BY_NAME;
                }
            };
        }

        /// Returns the column as it is now.
        default ResolvedColumn place(String name, ColumnType type) {
            return new ResolvedColumn(name, type.baseOid(), number(name), carries(name));
        }
    }

    /// Resolves a filter for one role. Columns are identified by their names alone.
    ///
    /// @param types returns a readable column's type by its name; null for any other name
    public Predicate resolve(
            List<FilterNode> nodes, Function<String, @Nullable ColumnType> types, RoleSession viewerSession)
            throws FilterRefusedException, UnansweredException {
        return resolve(nodes, Columns.byName(types), viewerSession);
    }

    /// Resolves a filter for one role. In a session of this role, Postgres reads the values and evaluates what
    /// memory cannot decide.
    public Predicate resolve(List<FilterNode> nodes, Columns columns, RoleSession viewerSession)
            throws FilterRefusedException, UnansweredException {
        if (FilterCost.of(nodes) > FilterCost.MAX) {
            throw FilterRefusedException.raised(TOO_COMPLEX);
        }
        return new FilterResolver(database, viewerSession).resolve(nodes, columns);
    }

    private Predicate resolve(List<FilterNode> nodes, Columns columns)
            throws FilterRefusedException, UnansweredException {
        List<Predicate> parts = new ArrayList<>();
        for (FilterNode node : nodes) {
            parts.add(resolve(node, columns));
        }
        return Predicate.and(parts);
    }

    private Predicate resolve(FilterNode node, Columns columns) throws FilterRefusedException, UnansweredException {
        return switch (node) {
            case Condition condition -> {
                Predicate positive = condition(condition, columns);
                yield condition.negated() ? Predicate.not(positive) : positive;
            }
            case Group group -> {
                List<Predicate> parts = new ArrayList<>();
                for (FilterNode part : group.nodes()) {
                    parts.add(resolve(part, columns));
                }
                Predicate whole = group.any() ? Predicate.or(parts) : Predicate.and(parts);
                yield group.negated() ? Predicate.not(whole) : whole;
            }
        };
    }

    /// The left side of a condition: a column or a path into its JSON, as SQL over the column's text.
    ///
    /// @param valueType SQL of the column's own type
    private record Operand(ResolvedColumn place, String valueType, ColumnType type, String sql, boolean isColumn) {
        String column() {
            return place.name();
        }

        /// Returns SQL of the type to which the operator is applied.
        String parameterType() {
            return type.baseSql();
        }

        /// Whether the type has only Postgres' own operators.
        boolean isPostgresOwn() {
            return type.isBuiltIn() || !isColumn || !type.labels().isEmpty() || type.element() != null;
        }
    }

    private Predicate condition(Condition condition, Columns columns)
            throws FilterRefusedException, UnansweredException {
        Operand operand = operand(condition.column(), columns);
        return switch (condition.operator()) {
            case EQ, NEQ, LT, LTE, GT, GTE -> comparison(operand, condition);
            case ISDISTINCT -> distinct(operand, condition);
            case IN -> oneOf(operand, condition);
            case IS -> is(operand, condition);
            case LIKE, ILIKE, MATCH, IMATCH -> pattern(operand, condition);
            case FULL_TEXT, PLAIN_FULL_TEXT, PHRASE_FULL_TEXT, WEB_FULL_TEXT -> fullText(operand, condition);
            default -> other(operand, condition);
        };
    }

    private static Operand operand(String name, Columns columns) throws FilterRefusedException {
        ColumnType type = columns.type(name);
        if (type != null) {
            return new Operand(columns.place(name, type), type.baseSql(), type, value(type), true);
        }
        JsonPath path = JsonPath.parse(name);
        ColumnType json = path == null ? null : columns.type(path.column());
        if (path == null || json == null || !(json.isBuiltIn("jsonb") || json.isBuiltIn("json"))) {
            throw FilterRefusedException.raised("invalid column for filter " + name);
        }
        // A `json` has no operators of its own; what `->` finds in it is compared as `jsonb`.
        String sql = "(" + value(json) + ")" + path.sql();
        ColumnType found = path.isText() ? TEXT : JSONB;
        return new Operand(
                columns.place(path.column(), json),
                json.baseSql(),
                new ColumnType(
                        json.oid(),
                        found.sql(),
                        found.display(),
                        found.base(),
                        found.baseOid(),
                        found.baseSql(),
                        List.of(),
                        null,
                        null),
                path.isText() ? sql : "(" + sql + ")::" + JSONB.sql(),
                false);
    }

    private static final ColumnType TEXT =
            new ColumnType(25, "pg_catalog.text", "text", "text", 25, "pg_catalog.text", List.of(), null, null);
    private static final ColumnType JSONB =
            new ColumnType(3802, "pg_catalog.jsonb", "jsonb", "jsonb", 3802, "pg_catalog.jsonb", List.of(), null, null);

    private static String value(ColumnType type) {
        String collation = type.collation() == null ? null : type.collation().sql();
        return ColumnQuestion.VALUE + "::" + type.baseSql() + (collation == null ? "" : " collate " + collation);
    }

    private static @Nullable ComparableType kind(Operand operand) {
        return operand.isColumn ? ComparableTypes.of(operand.type) : null;
    }

    private Predicate comparison(Operand operand, Condition condition)
            throws FilterRefusedException, UnansweredException {
        Comparison comparison = comparison(condition.operator());
        ColumnQuestion question = question(operand, comparison.symbol(), operand.type, condition.value());
        ComparableType kind = kind(operand);
        if (kind != null && (kind.isOrdered() || !comparison.needsOrder())) {
            Object key = kind.keyOf(canonical(operand, condition.value()));
            if (key != null) {
                return term(question, new RowTest.Compare(operand.place(), comparison, kind, key));
            }
        }
        return opaque(operand, question, Truth.UNKNOWN, condition);
    }

    private static Comparison comparison(Operator operator) {
        return switch (operator) {
            case NEQ -> Comparison.NOT_EQUAL;
            case LT -> Comparison.LESS;
            case LTE -> Comparison.LESS_OR_EQUAL;
            case GT -> Comparison.GREATER;
            case GTE -> Comparison.GREATER_OR_EQUAL;
            default -> Comparison.EQUAL;
        };
    }

    private Predicate distinct(Operand operand, Condition condition)
            throws FilterRefusedException, UnansweredException {
        // IS DISTINCT FROM looks its operator up in the search path; the value is never NULL.
        ColumnQuestion equal = question(operand, "=", operand.type, condition.value());
        ColumnQuestion question = ask(operand, "(" + equal.expression() + ") IS NOT TRUE", equal.parameter());
        ComparableType kind = kind(operand);
        Object key = kind == null ? null : kind.keyOf(canonical(operand, condition.value()));
        return key == null
                ? opaque(operand, question, Truth.TRUE, condition)
                : term(question, new RowTest.Distinct(operand.place(), requireNonNull(kind), key));
    }

    private Predicate oneOf(Operand operand, Condition condition) throws FilterRefusedException, UnansweredException {
        List<@Nullable String> elements = database.canonicalElements(session, operand.type, condition.value());
        if (elements.size() > IN_VALUES_MAX) {
            throw FilterRefusedException.raised("too many values for `in` filter. Maximum " + IN_VALUES_MAX);
        }
        ColumnQuestion question = ask(
                operand,
                "(" + operand.sql + ") " + operator(operand, "=", operand.type) + " ANY (" + ColumnQuestion.PARAMETER
                        + "::" + operand.parameterType() + "[])",
                condition.value());
        ComparableType kind = kind(operand);
        if (kind != null && operand.type.element() == null) {
            Set<Object> keys = new HashSet<>();
            boolean inMemory = true;
            for (String element : elements) {
                Object key = element == null ? null : kind.keyOf(element);
                inMemory &= element == null || key != null;
                if (key != null) {
                    keys.add(key);
                }
            }
            if (inMemory) {
                return term(
                        question,
                        new RowTest.OneOf(
                                operand.place(), kind, keys, elements.stream().anyMatch(Objects::isNull)));
            }
        }
        return opaque(operand, question, Truth.UNKNOWN, condition);
    }

    private Predicate is(Operand operand, Condition condition) throws FilterRefusedException, UnansweredException {
        String value = condition.value();
        if (!Set.of("null", "true", "false", "unknown").contains(value)) {
            throw FilterRefusedException.raised("invalid value for is filter: must be null, true, false, or unknown");
        }
        ColumnQuestion question = ask(operand, "(" + operand.sql + ") IS " + value, null);
        if (value.equals("null")) {
            // A composite of NULLs only is NULL to this test.
            return operand.isColumn && operand.type.isBuiltIn()
                    ? term(question, new RowTest.NullTest(operand.place()))
                    : opaque(operand, question, Truth.TRUE, condition);
        }
        if (!operand.type.isBuiltIn("bool") || operand.type.isDomain()) {
            throw FilterRefusedException.raised(
                    "is " + value + " filter requires a boolean column, got " + operand.type.display());
        }
        Truth wanted = value.equals("unknown") ? Truth.UNKNOWN : Truth.of(value.equals("true"));
        return term(question, new RowTest.BooleanTest(operand.place(), wanted));
    }

    private Predicate pattern(Operand operand, Condition condition) throws FilterRefusedException, UnansweredException {
        ColumnType type = operand.type;
        ColumnType parameterType = Set.of("bytea", "citext").contains(type.base()) ? type : TEXT;
        Effort effort = condition.operator().isCompiled() ? Effort.COMPILED : Effort.BY_PATTERN;
        ColumnQuestion question =
                with(effort, question(operand, condition.operator().sql(), parameterType, condition.value()));
        checkPattern(operand, condition, question);
        ColumnType.Collation collation = type.collation();
        boolean plainText = operand.isColumn
                && type.isBuiltIn()
                && type.element() == null
                && !type.base().equals("bytea")
                && collation != null
                && collation.deterministic();
        if (plainText && condition.operator() == Operator.LIKE) {
            return term(question, new RowTest.LikeTest(operand.place(), LikePattern.of(condition.value())));
        }
        if (plainText
                && condition.operator() == Operator.ILIKE
                && requireNonNull(collation).asciiFolds()
                && LikePattern.isAscii(condition.value())) {
            return term(question, new RowTest.LikeTest(operand.place(), LikePattern.ignoringCase(condition.value())));
        }
        return term(question, new RowTest.Opaque(operand.place(), Truth.UNKNOWN));
    }

    private void checkPattern(Operand operand, Condition condition, ColumnQuestion question)
            throws FilterRefusedException, UnansweredException {
        boolean isLike = condition.operator() == Operator.LIKE || condition.operator() == Operator.ILIKE;
        try {
            database.check(question, null);
        } catch (FilterRefusedException e) {
            if (e.sqlState().equals("42883")) {
                throw FilterRefusedException.raised(
                        "operator " + condition.operator().token() + " requires a text-compatible column type, got "
                                + operand.type.display());
            }
            throw e;
        }
        if (isLike && LikePattern.endsInEscape(condition.value())) {
            throw new FilterRefusedException("22025", "LIKE pattern must not end with escape character");
        }
        String text = TEXT.sql();
        ColumnQuestion tried = operand.isColumn
                ? question
                : with(
                        question.effort(),
                        question(
                                new Operand(
                                        new ResolvedColumn(operand.column(), TEXT.oid()),
                                        text,
                                        TEXT,
                                        value(TEXT),
                                        true),
                                condition.operator().sql(),
                                TEXT,
                                condition.value()));
        try {
            database.check(tried, "");
        } catch (FilterRefusedException e) {
            throw isLike || e.sqlState().equals(FilterRefusedException.TOO_SLOW)
                    ? e
                    : FilterRefusedException.raised("invalid regular expression for "
                            + condition.operator().token() + " filter: " + e.getMessage());
        }
    }

    private Predicate fullText(Operand operand, Condition condition)
            throws FilterRefusedException, UnansweredException {
        String language = condition.language() == null
                ? ""
                : literal(condition.language()) + "::pg_catalog.text::pg_catalog.regconfig, ";
        String query = "pg_catalog." + condition.operator().sql() + "(" + language + ColumnQuestion.PARAMETER + "::"
                + TEXT.sql() + ")";
        ColumnQuestion question = ask(
                operand,
                "(" + operand.sql + ") " + operator(operand, "@@", TEXT) + " " + query,
                condition.value(),
                Effort.COMPILED);
        database.check(question, null);
        String alone = ColumnQuestion.VALUE + "::" + TEXT.sql() + " IS NULL AND " + query + " IS NULL";
        database.check(ask(operand, alone, condition.value(), Effort.COMPILED), null);
        return term(question, new RowTest.Opaque(operand.place(), Truth.UNKNOWN));
    }

    private Predicate other(Operand operand, Condition condition) throws FilterRefusedException, UnansweredException {
        ColumnQuestion question = question(operand, condition.operator().sql(), operand.type, condition.value());
        return opaque(operand, question, Truth.UNKNOWN, condition);
    }

    private ColumnQuestion question(Operand operand, String operator, ColumnType parameterType, String value)
            throws UnansweredException {
        return ask(
                operand,
                "(" + operand.sql + ") " + operator(operand, operator, parameterType) + " (" + ColumnQuestion.PARAMETER
                        + "::" + parameterType.baseSql() + ")",
                value);
    }

    private ColumnQuestion ask(Operand operand, String expression, @Nullable String parameter) {
        return ask(operand, expression, parameter, Effort.USUAL);
    }

    private ColumnQuestion ask(Operand operand, String expression, @Nullable String parameter, Effort effort) {
        return new ColumnQuestion(operand.column(), operand.valueType, expression, parameter, session, effort);
    }

    private static ColumnQuestion with(Effort effort, ColumnQuestion question) {
        return new ColumnQuestion(
                question.column(),
                question.type(),
                question.expression(),
                question.parameter(),
                question.session(),
                effort);
    }

    private String operator(Operand operand, String name, ColumnType right) throws UnansweredException {
        String schema = operand.isPostgresOwn()
                ? "pg_catalog"
                : database.operatorSchema(name, operand.type.baseOid(), right.baseOid());
        return "OPERATOR(" + schema + "." + name + ")";
    }

    /// Creates a term. A term that memory always decides is the same for all roles that read the parameter with
    /// the same settings.
    private static Term term(ColumnQuestion question, RowTest test) {
        RoleSession anyRole = new RoleSession("", question.session().settings());
        return test.decidesAlways()
                ? new Term(
                        new ColumnQuestion(
                                question.column(),
                                question.type(),
                                question.expression(),
                                question.parameter(),
                                anyRole,
                                question.effort()),
                        test)
                : new Term(question, test);
    }

    /// Creates a term that Postgres evaluates, after a test that Postgres can evaluate it.
    private Predicate opaque(Operand operand, ColumnQuestion question, Truth ofNull, Condition condition)
            throws FilterRefusedException, UnansweredException {
        database.check(question, null);
        // With NULL on one side Postgres may not read the other side.
        if (condition.operator() != Operator.IS && condition.operator() != Operator.IN) {
            canonical(operand, condition.value());
        }
        return term(question, new RowTest.Opaque(operand.place(), ofNull));
    }

    private String canonical(Operand operand, String value) throws FilterRefusedException, UnansweredException {
        return CanonicalValue.isCanonical(operand.type, value)
                ? value
                : database.canonical(session, operand.type, value);
    }

    static String literal(String text) {
        return "'" + text.replace("'", "''") + "'";
    }
}
