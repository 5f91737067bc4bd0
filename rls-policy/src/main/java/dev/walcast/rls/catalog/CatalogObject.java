package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.RoleFacts;
import java.util.List;

/// One object of the catalog as a snapshot shows it.
///
/// @param kind    `f` function, `o` operator, `r` relation, `t` type or what it is made of; other letters only tell
///                objects apart
/// @param names   the names that Postgres prints for it in expressions
/// @param version equal versions come from the same rows of the catalog
/// @param facts   for an operator its name and the types of its operands; for a relation its kind, whether row-level
///                security is enabled and forced, and its owner; otherwise empty
record CatalogObject(char kind, long oid, String names, String version, List<String> facts) {
    /// Objects with smaller oids belong to Postgres.
    static final long FIRST_USER_OID = 16_384;

    CatalogObject {
        requireNonNull(names, "names is null");
        requireNonNull(version, "version is null");
        facts = List.copyOf(facts);
    }

    boolean isFunction() {
        return kind == 'f';
    }

    /// Whether the object is a relation of which all viewers of the role see the same rows.
    boolean looksTheSameToAll(RoleFacts role) {
        return kind == 'r'
                && List.of("r", "p").contains(facts.get(0))
                && !role.isBoundByRowSecurity(
                        Boolean.parseBoolean(facts.get(1)),
                        Boolean.parseBoolean(facts.get(2)),
                        Long.parseLong(facts.get(3)));
    }
}
