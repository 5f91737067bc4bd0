package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.filters.Condition;
import dev.walcast.filters.EqualTerm;
import dev.walcast.filters.EqualityKey;
import dev.walcast.filters.Operator;
import dev.walcast.filters.RowFilter;
import dev.walcast.filters.Target;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.Question;
import dev.walcast.rls.Rights;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.Viewer;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;

/// Looks a binding up in the database: is its table published, may the viewer read it, what do its filter's values
/// mean.
///
/// Everything that would keep changes from arriving is said here, at join, and not found out later. Calls block.
final class BindingResolver {
    private static final String UNABLE = "Unable to subscribe to changes with given parameters. ";

    private static final Comparator<TableId> BY_NAME = Comparator.comparing(TableId::toString);

    private final Catalog catalog;
    private final Rights rights;
    private final String publication;

    BindingResolver(Catalog catalog, Rights rights, String publication) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.rights = requireNonNull(rights, "rights is null");
        this.publication = requireNonNull(publication, "publication is null");
    }

    /// @throws BindingRefusedException when the binding would never see a change, and why
    /// @throws SQLException            when the database could not be asked; trying again may help
    RowFilter resolve(BindingSpec spec, Viewer viewer) throws BindingRefusedException, SQLException {
        if (spec.target() instanceof Target.OneTable one) {
            TableAccess access = checkedAccess(spec, viewer, one.table());
            return filter(spec, access);
        }
        return wildcard(spec, viewer);
    }

    private TableAccess checkedAccess(BindingSpec spec, Viewer viewer, TableId table)
            throws BindingRefusedException, SQLException {
        Question question = new Question(viewer.role(), table);
        TableAccess access = rights.access(question);
        if (access == null || !access.published() || access.rowSecurity() || !access.readsAnything()) {
            checkRole(spec, viewer);
            access = rights.ask(question);
        }
        if (access == null) {
            throw notEnabled(spec, "There is no table " + table + ".");
        }
        if (!access.published()) {
            throw notEnabled(spec, notPublished(table));
        }
        if (access.rowSecurity()) {
            throw refused(
                    spec,
                    "Row-level security is enabled on " + table + ", and this version of Walcast does not"
                            + " evaluate policies: it sends role \"" + viewer.role() + "\" nothing from this table.");
        }
        if (!access.readsAnything()) {
            throw refused(
                    spec,
                    "Role \"" + viewer.role() + "\" may not read " + table
                            + ": GRANT USAGE on its schema and SELECT on the table to that role.");
        }
        return access;
    }

    private void checkRole(BindingSpec spec, Viewer viewer) throws BindingRefusedException, SQLException {
        if (!catalog.roleExists(viewer.role())) {
            throw postgresError(spec, "42704", "role \"" + viewer.role() + "\" does not exist");
        }
    }

    private String notPublished(TableId table) throws SQLException {
        if (catalog.publishedTables() == null) {
            return "There is no publication \"" + publication + "\": CREATE PUBLICATION " + publication + " FOR TABLE "
                    + table + ".";
        }
        return table + " is not in the publication \"" + publication + "\": ALTER PUBLICATION " + publication
                + " ADD TABLE " + table + ".";
    }

    private RowFilter wildcard(BindingSpec spec, Viewer viewer) throws BindingRefusedException, SQLException {
        checkRole(spec, viewer);
        Set<TableId> published = catalog.publishedTables();
        List<TableId> wanted = published == null
                ? List.of()
                : published.stream()
                        .filter(spec.target()::includes)
                        .sorted(BY_NAME)
                        .toList();
        if (wanted.isEmpty()) {
            throw notEnabled(spec, "The publication \"" + publication + "\" has no such table.");
        }
        if (spec.conditions().isEmpty()) {
            return RowFilter.NONE;
        }
        RowFilter filter = null;
        for (TableId table : wanted) {
            RowFilter own = filter(spec, checkedAccess(spec, viewer, table));
            if (filter != null && !filter.equals(own)) {
                throw refused(
                        spec,
                        "The filter means different things in " + wanted.getFirst() + " and " + table
                                + " (their columns' types differ): name one table for each binding.");
            }
            filter = own;
        }
        return requireNonNull(filter);
    }

    private RowFilter filter(BindingSpec spec, TableAccess access) throws BindingRefusedException, SQLException {
        List<EqualTerm> terms = new ArrayList<>();
        for (Condition condition : spec.conditions()) {
            terms.add(term(spec, condition, access));
        }
        return new RowFilter(terms);
    }

    private EqualTerm term(BindingSpec spec, Condition condition, TableAccess access)
            throws BindingRefusedException, SQLException {
        ColumnAccess column = access.readable(condition.column());
        if (column == null) {
            throw postgresError(spec, "P0001", "invalid column for filter " + condition.column());
        }
        if (condition.operator() != Operator.EQ || condition.negated()) {
            throw refused(
                    spec,
                    "This version of Walcast knows the filter operator `eq` only, not `"
                            + (condition.negated() ? "not." : "")
                            + condition.operator().token() + "`.");
        }
        UnaryOperator<String> canonical = EqualityKey.canonical(column.baseType(), column.baseOid(), column.isEnum());
        if (canonical == null || !column.deterministic()) {
            throw refused(
                    spec,
                    "This version of Walcast cannot compare column " + condition.column() + " of type "
                            + column.typeName() + (column.deterministic() ? "" : " with a nondeterministic collation")
                            + ".");
        }
        String text = canonicalText(spec, column, condition.value());
        return new EqualTerm(column.name(), column.typeOid(), canonical, canonical.apply(text));
    }

    private String canonicalText(BindingSpec spec, ColumnAccess column, String value)
            throws BindingRefusedException, SQLException {
        if (PlainValue.isCanonical(column.baseType(), value) && column.typeOid() == column.baseOid()) {
            return value;
        }
        try {
            return catalog.canonicalText(column.typeOid(), value);
        } catch (SQLException e) {
            if (SqlStates.saysTheValueIsWrong(e)) {
                throw postgresError(spec, String.valueOf(e.getSQLState()), SqlStates.primaryMessage(e));
            }
            throw e;
        }
    }

    private static BindingRefusedException notEnabled(BindingSpec spec, String reason) {
        return new BindingRefusedException(
                UNABLE + "Please check Realtime is enabled for the given connect parameters: " + spec + " " + reason);
    }

    private static BindingRefusedException refused(BindingSpec spec, String reason) {
        return new BindingRefusedException(UNABLE + "Parameters: " + spec + " " + reason);
    }

    private static BindingRefusedException postgresError(BindingSpec spec, String state, String message) {
        return new BindingRefusedException(UNABLE
                + "An exception happened so please check your connect parameters: " + spec + ". Exception: ERROR "
                + state + " (" + SqlStates.conditionName(state) + ") " + message);
    }
}
