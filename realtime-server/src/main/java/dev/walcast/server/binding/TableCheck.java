package dev.walcast.server.binding;

import static dev.walcast.server.binding.Refusals.mayKnow;
import static dev.walcast.server.binding.Refusals.notEnabled;
import static dev.walcast.server.binding.Refusals.postgresError;
import static dev.walcast.server.binding.Refusals.refused;
import static dev.walcast.server.binding.Refusals.text;
import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.Identifier;
import dev.walcast.filters.index.Target;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.RelationFacts;
import dev.walcast.rls.SubscriptionAdvice;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Looks up whether a viewer can get changes of a binding's tables at all. A viewer that may not read a table is told
/// the same as where there is no table, after the same questions to Postgres: it cannot find out what a schema holds.
/// Calls block.
public final class TableCheck {
    /// A table that every database has: what is known of it says how the role stands.
    private static final TableId ALWAYS_THERE = new TableId("pg_catalog", "pg_class");

    private static final Comparator<TableId> BY_NAME = Comparator.comparing(TableId::toString);

    private final Catalog catalog;
    private final Rights rights;

    public TableCheck(Catalog catalog, Rights rights) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.rights = requireNonNull(rights, "rights is null");
    }

    /// Rights that were read after the call began: a client that joins is never judged by those of before.
    public TableRights rights(BindingSpec spec, Viewer viewer, TableId table, long since)
            throws BindingRefusedException, SQLException {
        TableRights fresh = rights.ask(new AccessQuestion(viewer.role(), table), since);
        boolean all = mayKnow(viewer);
        if (fresh == null || !(all || fresh.access().readsAnything())) {
            throw withoutTable(spec, viewer, table, since);
        }
        TableAccess access = fresh.access();
        checkStanding(spec, viewer, access);
        if (!access.published()) {
            throw notPublished(spec, viewer, access, since);
        }
        if (!access.readsAnything()) {
            throw notReadable(spec, viewer, table);
        }
        return fresh;
    }

    private BindingRefusedException notPublished(BindingSpec spec, Viewer viewer, TableAccess access, long since)
            throws SQLException {
        RelationFacts facts = catalog.asOf(since).relation(new AccessQuestion(viewer.role(), access.table()));
        Optional<String> notLogged = SubscriptionAdvice.notLogged(facts);
        ErrorCode code = notLogged.isPresent() ? ErrorCode.TABLE_NOT_LOGGED : ErrorCode.TABLE_NOT_PUBLISHED;
        String advice = notLogged.orElseGet(() -> SubscriptionAdvice.notPublished(facts));
        return notEnabled(spec, text(code, mayKnow(viewer, access), advice));
    }

    /// Of a table that the viewer may not read, and of what is no table: a view, a foreign table, a name that is not
    /// taken.
    private BindingRefusedException withoutTable(BindingSpec spec, Viewer viewer, TableId table, long since)
            throws BindingRefusedException, SQLException {
        checkRole(spec, viewer, since);
        checkStandingOf(spec, viewer, ALWAYS_THERE, since);
        RelationFacts facts = catalog.asOf(since).relation(new AccessQuestion(viewer.role(), table));
        boolean mayRead = facts.exists() && facts.schemaUsable() && facts.readable();
        if (!mayRead && !mayKnow(viewer)) {
            return unavailable(spec);
        }
        if (!facts.exists()) {
            return notEnabled(spec, text(ErrorCode.TABLE_NOT_FOUND, true, "There is no table " + table + "."));
        }
        return notEnabled(
                spec,
                text(
                        ErrorCode.TABLE_NOT_LOGGED,
                        true,
                        SubscriptionAdvice.notLogged(facts).orElse(table + " was made a moment ago.")));
    }

    /// The published tables that a wildcard names and the viewer may read; at least one. Where there is none the
    /// viewer is told the same as where no table is published.
    public List<TableId> tables(BindingSpec spec, Viewer viewer, Target target, long since)
            throws BindingRefusedException, SQLException {
        checkRole(spec, viewer, since);
        Catalog current = catalog.asOf(since);
        List<TableId> wanted = among(current.readableTables(viewer.role()), target);
        if (wanted.isEmpty()) {
            throw withoutTables(spec, viewer, target, since);
        }
        checkStandingOf(spec, viewer, wanted.getFirst(), since);
        return wanted;
    }

    private BindingRefusedException withoutTables(BindingSpec spec, Viewer viewer, Target target, long since)
            throws BindingRefusedException, SQLException {
        checkStandingOf(spec, viewer, ALWAYS_THERE, since);
        Set<TableId> published = catalog.asOf(since).publishedTables();
        List<TableId> unreadable = published == null ? List.of() : among(published, target);
        return unreadable.isEmpty() || !mayKnow(viewer)
                ? unavailable(spec)
                : notReadable(spec, viewer, unreadable.getFirst());
    }

    private static List<TableId> among(Set<TableId> tables, Target target) {
        return tables.stream().filter(target::includes).sorted(BY_NAME).toList();
    }

    private static BindingRefusedException notReadable(BindingSpec spec, Viewer viewer, TableId table) {
        String grants = table + " may be read after " + SubscriptionAdvice.grants(table, viewer.role());
        return refused(spec, text(ErrorCode.TABLE_NOT_READABLE, true, grants));
    }

    private static BindingRefusedException unavailable(BindingSpec spec) {
        return notEnabled(spec, text(ErrorCode.TABLE_NOT_AVAILABLE, false, ""));
    }

    private void checkRole(BindingSpec spec, Viewer viewer, long since) throws BindingRefusedException, SQLException {
        if (!catalog.asOf(since).roleExists(viewer.role())) {
            throw postgresError(spec, "42704", "role \"" + viewer.role() + "\" does not exist");
        }
    }

    private void checkStandingOf(BindingSpec spec, Viewer viewer, TableId table, long since)
            throws BindingRefusedException, SQLException {
        TableRights fresh = rights.ask(new AccessQuestion(viewer.role(), table), since);
        if (fresh != null) {
            checkStanding(spec, viewer, fresh.access());
        }
    }

    private static void checkStanding(BindingSpec spec, Viewer viewer, TableAccess access)
            throws BindingRefusedException {
        switch (access.standing()) {
            case USABLE -> {}
            case UNKNOWN -> throw postgresError(spec, "42704", "role \"" + viewer.role() + "\" does not exist");
            case NOT_GRANTED ->
                throw refused(
                        spec,
                        "The server may not act as role \"" + viewer.role() + "\": GRANT "
                                + Identifier.quoted(viewer.role())
                                + " TO the role in EVALUATION_DATABASE_URL, or in DATABASE_URL where that is not set"
                                + " or the role has BYPASSRLS.");
            case SUPERUSER ->
                throw refused(spec, "Role \"" + viewer.role() + "\" is a superuser, which a token must not name.");
        }
    }
}
