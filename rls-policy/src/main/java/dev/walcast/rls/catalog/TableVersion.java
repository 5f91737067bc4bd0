package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.TablePublication;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The version of a table that the catalog had at one moment.
///
/// @param publishing what the publication sends of the table; null when it does not send it
/// @param version    equal versions come from the same rows of the catalog
/// @param changing   transactions, of 32 bits, that wrote to one of these rows and whose commit is not visible
record TableVersion(
        TableId table, long oid, @Nullable TablePublication publishing, String version, Set<Long> changing) {
    TableVersion {
        requireNonNull(table, "table is null");
        requireNonNull(version, "version is null");
        changing = Set.copyOf(changing);
    }

    boolean isSameState(TableVersion other) {
        return oid == other.oid && version.equals(other.version);
    }
}
