package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.TablePublication;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Which state of a table the catalog had at one moment.
///
/// @param publishing what the publication sends of it; null when it sends nothing
/// @param version  equal versions are made of the same rows of the catalog
/// @param changing transactions that wrote to one of these rows and were not seen to commit, of 32 bits
record TableVersion(TableId table, long oid, @Nullable TablePublication publishing, String version, Set<Long> changing) {
    TableVersion {
        requireNonNull(table, "table is null");
        requireNonNull(version, "version is null");
        changing = Set.copyOf(changing);
    }

    boolean isSameState(TableVersion other) {
        return oid == other.oid && version.equals(other.version);
    }
}
