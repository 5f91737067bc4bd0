package dev.walcast.rls.policy;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.text.ArrayText;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.RowQuestion;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.filters.predicate.RowTest.ResolvedColumn;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.values.ComparableType;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.sql.SqlText;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Binds plans to one viewer: turns a plan into a predicate over rows.
public final class PlanBinder {
    private static final Predicate FAILED = new Predicate.Constant(Truth.FAILED);
    private static final Predicate UNKNOWN = new Predicate.Constant(Truth.UNKNOWN);

    private final Viewer viewer;
    private final TableAccess access;
    private final ViewerValues values;

    /// Makes a binder.
    ///
    /// @param values the values of all [Plan#expressions] of the plans
    public PlanBinder(Viewer viewer, TableAccess access, ViewerValues values) {
        this.viewer = requireNonNull(viewer, "viewer is null");
        this.access = requireNonNull(access, "access is null");
        this.values = requireNonNull(values, "values is null");
    }

    /// Returns the plan as a predicate over rows, for this viewer.
    public Predicate bind(Plan plan) {
        return switch (plan) {
            case Plan.All all -> Predicate.and(bind(all.parts()));
            case Plan.Any any -> Predicate.or(bind(any.parts()));
            case Plan.Not not -> Predicate.not(bind(not.part()));
            case Plan.Fixed fixed -> fixed.predicate();
            case Plan.OfViewer of -> constant(values.of(of.expression()));
            case Plan.Compare compare -> compare(compare);
            case Plan.OneOf oneOf -> oneOf(oneOf);
            case Plan.Ask ask -> ask(ask);
        };
    }

    private List<Predicate> bind(List<Plan> parts) {
        return parts.stream().map(this::bind).toList();
    }

    private static Predicate constant(ViewerValues.Value value) {
        if (value.error() != null) {
            return FAILED;
        }
        return value.text() == null
                ? UNKNOWN
                : value.text().equals("t") ? Predicate.Constant.ALWAYS : Predicate.Constant.NEVER;
    }

    private Predicate compare(Plan.Compare compare) {
        ViewerValues.Value value = values.of(compare.expression());
        if (value.error() != null) {
            return FAILED;
        }
        if (value.text() == null) {
            return UNKNOWN;
        }
        Object key = compare.kind().keyOf(value.text());
        if (key == null) {
            return ask(new Plan.Ask(compare.sql(), Set.of(compare.place()), List.of(), true, false, null));
        }
        String sql = compare.comparison().symbol() + " " + compare.kind();
        return new Predicate.Term(
                identity(compare.place(), compare.kind(), sql, value.text(), compare.sql()),
                new RowTest.Compare(compare.place(), compare.comparison(), compare.kind(), key));
    }

    private Predicate oneOf(Plan.OneOf oneOf) {
        ViewerValues.Value value = values.of(oneOf.expression());
        if (value.error() != null) {
            return FAILED;
        }
        if (value.text() == null) {
            return UNKNOWN;
        }
        List<@Nullable String> elements = ArrayText.oneDimension(value.text());
        Set<Object> keys = new HashSet<>();
        boolean readable = elements != null;
        for (String element : elements == null ? List.<@Nullable String>of() : elements) {
            Object key = element == null ? null : oneOf.kind().keyOf(element);
            readable &= element == null || key != null;
            if (key != null) {
                keys.add(key);
            }
        }
        if (!readable || elements == null) {
            return ask(new Plan.Ask(oneOf.sql(), Set.of(oneOf.place()), List.of(), true, false, null));
        }
        return new Predicate.Term(
                identity(oneOf.place(), oneOf.kind(), "= any " + oneOf.kind(), value.text(), oneOf.sql()),
                new RowTest.OneOf(oneOf.place(), oneOf.kind(), keys, elements.contains(null)));
    }

    /// Returns the question that identifies a comparison in memory. Viewers with the same value share it. Where
    /// memory may not understand a value of a row, it is the question for Postgres, and belongs to the viewer.
    private RowQuestion identity(
            ResolvedColumn place, ComparableType kind, String comparison, String value, String sql) {
        return kind.isTotal()
                ? new ColumnQuestion(place.name(), comparison, value)
                : policyQuestion(sql, List.of(), viewer.claims(), false, null);
    }

    private Predicate ask(Plan.Ask ask) {
        String expression = ask.sql();
        List<@Nullable String> parameters = new ArrayList<>();
        // Parameters are texts, which Postgres would read with the viewer's settings.
        boolean needsClaims =
                ask.needsClaims() || (!ask.calls().isEmpty() && SettingsSql.readsTextsOtherwise(access.settings()));
        if (!needsClaims) {
            for (String call : ask.calls()) {
                ViewerValues.Value value = values.of(call);
                if (value.error() != null) {
                    // Whether Postgres evaluates the call depends on the row, so Postgres must decide.
                    return question(ask, ask.sql(), List.of(), viewer.claims());
                }
                parameters.add(value.text());
                expression = SqlText.replace(
                        expression,
                        call,
                        "(" + PolicyExpression.PARAMETERS + ".p" + parameters.size() + "::" + value.type() + ")");
            }
        }
        return question(ask, expression, parameters, needsClaims ? viewer.claims() : null);
    }

    private Predicate question(
            Plan.Ask ask, String expression, List<@Nullable String> parameters, @Nullable String claims) {
        return new Predicate.Term(
                policyQuestion(expression, parameters, claims, ask.replan(), ask.whole()),
                new RowTest.OpaqueRow(
                        List.copyOf(ask.columns()),
                        access.columns().stream().map(PlanBinder::place).toList()));
    }

    /// Returns a column of the row that Postgres is given. A column that the policy does not read may be absent.
    private static RowTest.ResolvedColumn place(TableAccess.ColumnAccess column) {
        return new RowTest.ResolvedColumn(column.name(), column.type().baseOid(), column.number());
    }

    private PolicyQuestion policyQuestion(
            String expression,
            List<@Nullable String> parameters,
            @Nullable String claims,
            boolean replan,
            @Nullable BoundPolicies whole) {
        List<String> live =
                access.columns().stream().map(TableAccess.ColumnAccess::name).toList();
        PolicyExpression shared = new PolicyExpression(
                new RoleSession(viewer.role(), access.settings()),
                access.table(),
                live,
                expression,
                parameters.size(),
                claims != null,
                replan,
                whole);
        return new PolicyQuestion(shared, parameters, claims);
    }
}
