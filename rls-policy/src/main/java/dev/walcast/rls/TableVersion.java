package dev.walcast.rls;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import java.util.Set;

/// Which state of a table the catalog had at one moment.
///
/// @param version  equal versions are made of the same rows of the catalog
/// @param changing transactions that wrote to one of these rows and were not seen to commit, of 32 bits
record TableVersion(TableId table, long oid, boolean published, String version, Set<Long> changing) {
    TableVersion {
        requireNonNull(table, "table is null");
        requireNonNull(version, "version is null");
        changing = Set.copyOf(changing);
    }

    boolean isSameState(TableVersion other) {
        return oid == other.oid && version.equals(other.version);
    }
}
