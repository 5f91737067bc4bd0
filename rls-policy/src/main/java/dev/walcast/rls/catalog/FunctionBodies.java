package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import dev.walcast.rls.cache.IdleExpiryCache;
import dev.walcast.rls.policy.ClaimsOnlyProof;
import dev.walcast.rls.policy.NodeTree;
import dev.walcast.rls.policy.PolicySet.Function;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// Caches the bodies of functions. A body is read again when the catalog has another version. Safe for any thread.
final class FunctionBodies {
    /// How many levels of functions that call functions are followed.
    static final int CALLS_MAX = 4;

    private static final int FUNCTIONS_MAX = 20_000;

    private final IdleExpiryCache<Long, Body> bodies;

    FunctionBodies(LongSupplier nanoTime) {
        this.bodies = new IdleExpiryCache<>(FUNCTIONS_MAX, nanoTime);
    }

    /// A cached function, with the functions that its body names.
    ///
    /// @param version empty for functions of Postgres, which do not change
    private record Body(String version, Function function, Set<Long> oids, Set<String> names) {
        static Body of(String version, Function function) {
            NodeTree tree = function.tree();
            return new Body(
                    version,
                    function,
                    tree == null ? Set.of() : TreeReferences.functions(List.of(tree)),
                    ClaimsOnlyProof.qualifiedCalls(function));
        }
    }

    /// Functions, and the objects on which they depend.
    record Found(Map<Long, Function> functions, Set<Long> oids, Set<String> names) {}

    /// Finds functions, and the functions that these call, up to [#CALLS_MAX] levels.
    Found follow(Set<Long> roots, CatalogObjects objects, CatalogQueries queries) throws SQLException {
        Map<Long, Function> found = new TreeMap<>();
        Set<Long> askedOids = new HashSet<>();
        Set<String> askedNames = new HashSet<>();
        Set<Long> oids = new HashSet<>(roots);
        Set<String> names = Set.of();
        for (int depth = 0; depth < CALLS_MAX && !(oids.isEmpty() && names.isEmpty()); depth++) {
            oids.stream().filter(oid -> oid >= CatalogObject.FIRST_USER_OID).forEach(askedOids::add);
            askedNames.addAll(names);
            objects.look(askedOids, askedNames);
            names.forEach(name -> objects.functions(name).forEach(function -> oids.add(function.oid())));
            oids.removeAll(found.keySet());
            Set<String> nextNames = new HashSet<>();
            Set<Long> nextOids = new HashSet<>();
            for (Body body : bodies(oids, objects, queries)) {
                found.put(body.function.oid(), body.function);
                nextNames.addAll(body.names);
                nextOids.addAll(body.oids);
            }
            nextOids.removeAll(found.keySet());
            nextNames.removeAll(askedNames);
            oids.clear();
            oids.addAll(nextOids);
            names = nextNames;
        }
        return new Found(found, askedOids, askedNames);
    }

    private List<Body> bodies(Set<Long> oids, CatalogObjects objects, CatalogQueries queries) throws SQLException {
        Map<Long, Body> known = new HashMap<>();
        Map<Long, String> unknown = new HashMap<>();
        objects.look(
                oids.stream().filter(oid -> oid >= CatalogObject.FIRST_USER_OID).toList(), Set.of());
        for (long oid : oids) {
            String version = version(oid, objects);
            Body body = bodies.get(oid);
            if (body != null && body.version.equals(version)) {
                known.put(oid, body);
            } else if (version != null) {
                unknown.put(oid, version);
            }
        }
        if (!unknown.isEmpty()) {
            for (Function function : queries.functions(unknown.keySet())) {
                Body body = Body.of(requireNonNull(unknown.get(function.oid())), function);
                bodies.put(function.oid(), body);
                known.put(function.oid(), body);
            }
        }
        return List.copyOf(known.values());
    }

    private static @Nullable String version(long oid, CatalogObjects objects) {
        if (oid < CatalogObject.FIRST_USER_OID) {
            return "";
        }
        for (CatalogObject object : objects.of(oid)) {
            if (object.isFunction()) {
                return object.version();
            }
        }
        return null;
    }

    void forget() {
        bodies.forget();
    }
}
