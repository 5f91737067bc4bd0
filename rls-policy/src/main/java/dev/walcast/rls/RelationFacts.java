package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Describes a relation and how the publication treats it. [SubscriptionAdvice] turns it into advice for a client
/// whose subscription is refused.
///
/// @param exists       whether there is a relation of any kind with this name
/// @param schemaUsable whether the role has USAGE on its schema; false where there is no such schema
/// @param readable     whether the role has SELECT on it, or on a column of it
/// @param kind         `pg_class.relkind`; a blank when there is no relation
/// @param persistence  `pg_class.relpersistence`; a blank when there is no relation
/// @param system       whether it belongs to Postgres
/// @param identified   whether it has a replica identity
/// @param covered      whether the publication names it, its schema, a table that it is a partition of, or all tables
/// @param standsFor    the table under whose name its changes are sent; empty for its own
public record RelationFacts(
        TableId table,
        boolean exists,
        boolean schemaUsable,
        boolean readable,
        char kind,
        char persistence,
        boolean system,
        boolean identified,
        boolean covered,
        Optional<TableId> standsFor,
        Publication publication) {
    public RelationFacts {
        requireNonNull(table, "table is null");
        requireNonNull(standsFor, "standsFor is null");
        requireNonNull(publication, "publication is null");
    }

    /// Describes the publication.
    ///
    /// @param columns   the names of the columns that it lists for the relation; empty when it has no list
    /// @param condition its WHERE clause for the relation; null for none
    /// @param changes   whether it sends UPDATE or DELETE
    /// @param major     the version of Postgres
    public record Publication(
            String name,
            boolean exists,
            boolean viaRoot,
            List<String> columns,
            @Nullable String condition,
            boolean changes,
            int major) {
        public Publication {
            requireNonNull(name, "name is null");
            columns = List.copyOf(columns);
        }
    }
}
