package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Looks up objects in one snapshot, each once. Used by one thread.
final class CatalogObjects {
    private final CatalogQueries queries;
    private final Set<Long> oids = new HashSet<>();
    private final Set<String> names = new HashSet<>();
    private final Map<Long, List<CatalogObject>> byOid = new HashMap<>();
    private final Map<String, Set<CatalogObject>> functions = new HashMap<>();

    CatalogObjects(CatalogQueries queries) {
        this.queries = requireNonNull(queries, "queries is null");
    }

    /// Looks up the objects that were not looked up yet.
    ///
    /// @param functions qualified names
    void look(Collection<Long> oids, Collection<String> functions) throws SQLException {
        Set<Long> newOids = new HashSet<>(oids);
        newOids.removeAll(this.oids);
        Set<String> newNames = new HashSet<>(functions);
        newNames.removeAll(names);
        if (newOids.isEmpty() && newNames.isEmpty()) {
            return;
        }
        for (CatalogObject object : queries.objects(newOids, newNames)) {
            if (newOids.contains(object.oid())) {
                byOid.computeIfAbsent(object.oid(), _ -> new ArrayList<>()).add(object);
            }
            if (object.isFunction()) {
                this.functions
                        .computeIfAbsent(object.names(), _ -> new LinkedHashSet<>())
                        .add(object);
            }
        }
        this.oids.addAll(newOids);
        names.addAll(newNames);
    }

    List<CatalogObject> of(long oid) {
        return byOid.getOrDefault(oid, List.of());
    }

    Set<CatalogObject> functions(String name) {
        return functions.getOrDefault(name, Set.of());
    }

    /// Returns the objects that exist among these.
    Set<CatalogObject> of(Mentioned mentioned) {
        Set<CatalogObject> objects = new HashSet<>();
        mentioned.oids().forEach(oid -> objects.addAll(of(oid)));
        mentioned.functions().forEach(name -> objects.addAll(functions(name)));
        return objects;
    }

    /// The objects that the rights of a table depend on.
    ///
    /// @param functions qualified names
    record Mentioned(Set<Long> oids, Set<String> functions) {
        Mentioned {
            oids = Set.copyOf(oids);
            functions = Set.copyOf(functions);
        }
    }
}
