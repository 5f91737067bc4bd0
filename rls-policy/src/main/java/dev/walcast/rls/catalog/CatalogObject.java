package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.RoleFacts;
import java.util.List;

/// What the catalog had of one object at one moment.
///
/// @param kind    `f` function, `o` operator, `r` relation, `t` type and what it is made of; others are told apart only
/// @param names   what expressions that Postgres prints depend on
/// @param version equal versions are made of the same rows of the catalog
/// @param facts   of an operator its name and the types of its operands; of a relation its kind, whether row-level
///                security is enabled and forced, and its owner; else empty
record CatalogObject(char kind, long oid, String names, String version, List<String> facts) {
    /// Objects before it are Postgres' own.
    static final long FIRST_USER_OID = 16_384;

    CatalogObject {
        requireNonNull(names, "names is null");
        requireNonNull(version, "version is null");
        facts = List.copyOf(facts);
    }

    boolean isFunction() {
        return kind == 'f';
    }

    /// Of a relation: whether what the role sees of it depends on nothing but the role.
    boolean looksTheSameToAll(RoleFacts role) {
        return kind == 'r'
                && List.of("r", "p").contains(facts.get(0))
                && !role.isBoundByRowSecurity(
                        Boolean.parseBoolean(facts.get(1)),
                        Boolean.parseBoolean(facts.get(2)),
                        Long.parseLong(facts.get(3)));
    }
}
