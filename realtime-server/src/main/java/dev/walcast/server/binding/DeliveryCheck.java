package dev.walcast.server.binding;

import static dev.walcast.server.binding.Refusals.mayKnow;
import static dev.walcast.server.binding.Refusals.refused;
import static dev.walcast.server.binding.Refusals.text;
import static java.util.Objects.requireNonNull;

import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.Truth;
import dev.walcast.filters.predicate.UnchangedValues;
import dev.walcast.rls.Catalog;
import dev.walcast.rls.Catalog.AccessQuestion;
import dev.walcast.rls.SubscriptionAdvice;
import dev.walcast.rls.TableAccess;
import dev.walcast.rls.TableAccess.ColumnAccess;
import dev.walcast.rls.TablePublication;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.rights.TableRights;
import dev.walcast.server.protocol.ErrorCode;
import dev.walcast.server.request.BindingRefusedException;
import dev.walcast.server.request.BindingSpec;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Refuses a binding to a readable, published table that could never get a change, and warns of one that may miss some.
/// Calls block.
public final class DeliveryCheck {
    private final Catalog catalog;
    private final String publication;

    public DeliveryCheck(Catalog catalog, String publication) {
        this.catalog = requireNonNull(catalog, "catalog is null");
        this.publication = requireNonNull(publication, "publication is null");
    }

    /// A binding whose filter and policies are known.
    ///
    /// @param narrowing what the policies let through, without those that do not bind DELETEs
    /// @param policy    what the policies show
    public record Subject(
            BindingSpec spec,
            Viewer viewer,
            TableRights rights,
            Predicate filter,
            Predicate narrowing,
            Predicate policy,
            long since) {
        /// What the viewer may read of the table, and what of it is published.
        public TableAccess access() {
            return rights.access();
        }

        /// Whether a refusal may name columns and rights to this viewer.
        public boolean mayKnow() {
            return Refusals.mayKnow(viewer, access());
        }

        /// Whether DELETEs are told to every subscriber, by their key.
        boolean hearsOfDeletes() {
            return spec.events().contains(ChangeEvent.DELETE) && !narrowing.equals(policy);
        }
    }

    /// To be called before the filter is resolved.
    public void checkSelect(BindingSpec spec, Viewer viewer, TableAccess access, long since)
            throws BindingRefusedException, SQLException {
        List<ColumnAccess> absent = access.columns().stream()
                .filter(column -> spec.select().contains(column.name()) && !access.carries(column))
                .toList();
        if (!absent.isEmpty()) {
            throw refused(spec, notCarried(viewer, access, absent, "`select` names", since));
        }
    }

    /// Refuses a binding that could never get a change. To be called after the filter is resolved.
    public void check(Subject subject) throws BindingRefusedException, SQLException {
        BindingSpec spec = subject.spec;
        TableAccess access = subject.access();
        TablePublication publishing = requireNonNull(access.publishing());
        if (Collections.disjoint(publishing.events(), spec.events())) {
            throw refused(spec, notSent(subject, publishing));
        }
        List<ColumnAccess> filtered = absent(access, subject.filter.columns());
        if (!filtered.isEmpty()) {
            throw refused(spec, notCarried(subject.viewer, access, filtered, "The filter looks at", subject.since));
        }
        if (subject.hearsOfDeletes()) {
            return;
        }
        if (subject.rights.showsNothing()) {
            throw refused(
                    spec,
                    text(
                            ErrorCode.POLICY_MISSING,
                            subject.mayKnow(),
                            access.table() + " has row-level security and no policy for role \""
                                    + subject.viewer.role() + "\". This one shows it every row: "
                                    + SubscriptionAdvice.policy(access.table(), subject.viewer.role())));
        }
        Set<String> carried = access.columns().stream()
                .filter(access::carries)
                .map(ColumnAccess::name)
                .collect(Collectors.toSet());
        if (!canHold(subject.policy, carried) && !(subject.policy instanceof Predicate.Constant)) {
            throw refused(spec, policyNotCarried(subject));
        }
    }

    /// What the client should know although its binding works.
    public List<String> warnings(Subject subject) throws SQLException {
        List<String> warnings = new ArrayList<>();
        TableAccess access = subject.access();
        TablePublication publishing = requireNonNull(access.publishing());
        if (!publishing.events().containsAll(subject.spec.events())) {
            warnings.add(notSent(subject, publishing));
        }
        if (publishing.filtered()) {
            warnings.add(text(
                    ErrorCode.ROWS_LEFT_OUT,
                    subject.mayKnow(),
                    "Only rows of " + access.table() + " that meet the publication's WHERE arrive."));
        }
        if (!absent(access, subject.policy.columns()).isEmpty()) {
            warnings.add(policyNotCarried(subject));
        }
        if (subject.policy instanceof Predicate.Constant constant && constant.value() != Truth.TRUE) {
            warnings.add(text(
                    ErrorCode.POLICY_SHOWS_NOTHING,
                    subject.mayKnow(),
                    "No row of " + access.table() + " can arrive before the token or the policies change."));
        }
        addLargeValues(warnings, subject);
        addIdentity(warnings, subject, publishing);
        return warnings;
    }

    private String notSent(Subject subject, TablePublication publishing) {
        Set<ChangeEvent> unsent = EnumSet.copyOf(subject.spec.events());
        unsent.removeAll(publishing.events());
        return text(
                ErrorCode.EVENT_NOT_PUBLISHED,
                subject.mayKnow(),
                "The publication sends no "
                        + unsent.stream().map(event -> event + "s").collect(Collectors.joining(" and no ")) + " of "
                        + subject.access().table() + ": " + SubscriptionAdvice.events(publication));
    }

    private String policyNotCarried(Subject subject) throws SQLException {
        TableAccess access = subject.access();
        return notCarried(
                subject.viewer,
                access,
                absent(access, subject.policy.columns()),
                "Rows are hidden where the policies look at",
                subject.since);
    }

    private String notCarried(
            Viewer viewer, TableAccess access, Collection<ColumnAccess> absent, String start, long since)
            throws SQLException {
        if (!mayKnow(viewer, access)) {
            return text(ErrorCode.COLUMN_NOT_PUBLISHED, false, "");
        }
        String names = absent.stream().map(ColumnAccess::name).collect(Collectors.joining(", "));
        String advice = SubscriptionAdvice.columns(
                catalog.asOf(since).relation(new AccessQuestion(viewer.role(), access.table())), absent);
        return text(
                ErrorCode.COLUMN_NOT_PUBLISHED, true, start + " " + names + ", which changes do not carry: " + advice);
    }

    private static List<ColumnAccess> absent(TableAccess access, Set<String> names) {
        return access.columns().stream()
                .filter(column -> names.contains(column.name()) && !access.carries(column))
                .toList();
    }

    /// Whether some row can meet the predicate although only these columns of it are known.
    private static boolean canHold(Predicate predicate, Set<String> carried) {
        return switch (predicate) {
            case Predicate.Constant constant -> constant.value() == Truth.TRUE;
            case Predicate.And and -> and.parts().stream().allMatch(part -> canHold(part, carried));
            case Predicate.Or or -> or.parts().stream().anyMatch(part -> canHold(part, carried));
            case Predicate.Not not -> carried.containsAll(not.columns());
            case Predicate.Term term -> carried.containsAll(term.columns());
        };
    }

    private static void addLargeValues(List<String> warnings, Subject subject) {
        TableAccess access = subject.access();
        if (!subject.spec.events().contains(ChangeEvent.UPDATE)) {
            return;
        }
        Set<String> deciding = new TreeSet<>(UnchangedValues.columns(subject.filter));
        deciding.addAll(UnchangedValues.columns(subject.policy));
        boolean hangs = access.columns().stream()
                .anyMatch(column -> column.large() && !column.identity() && deciding.contains(column.name()));
        if (hangs) {
            warnings.add(text(
                    ErrorCode.LARGE_VALUE_UNCHANGED,
                    subject.mayKnow(),
                    "The filter or the policies look at columns of " + access.table()
                            + " that such UPDATEs do not carry: " + SubscriptionAdvice.identity(access) + ";"));
        }
    }

    private static void addIdentity(List<String> warnings, Subject subject, TablePublication publishing) {
        TableAccess access = subject.access();
        Set<ChangeEvent> wanted = EnumSet.copyOf(subject.spec.events());
        wanted.retainAll(publishing.events());
        wanted.remove(ChangeEvent.INSERT);
        if (!wanted.isEmpty() && access.columns().stream().noneMatch(ColumnAccess::identity)) {
            warnings.add(
                    text(ErrorCode.IDENTITY_MISSING, subject.mayKnow(), SubscriptionAdvice.withoutIdentity(access)));
        }
    }
}
