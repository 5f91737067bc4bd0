package dev.walcast.rls.policy;

import dev.walcast.rls.policy.PolicySet.Function;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// Tells which functions may change state that a later part of the same statement can read: settings, roles, temporary
/// tables, sequences, locks, rows. It searches their bodies, and the bodies of functions that they call, for words.
final class StatefulFunctions {
    private static final long FIRST_USER_OID = 16_384;

    /// Functions of Postgres that change state.
    private static final Set<String> OWN = Set.of("set_config", "nextval", "setval", "setseed");

    private static final Pattern WORDS = Pattern.compile(
            "\\b(set_config|nextval|setval|setseed|lastval|currval|\\w*advisory\\w*|set|reset|execute|discard|insert|update"
                    + "|delete|merge|create|alter|drop|truncate|copy|call|prepare|deallocate|notify|listen|lock|dblink\\w*"
                    + "|lo_\\w+|query_to_xml\\w*)\\b",
            Pattern.CASE_INSENSITIVE);

    private StatefulFunctions() {}

    /// Whether the function may change state.
    ///
    /// @param known functions that bodies may call, by oid
    static boolean mayHold(Function function, Map<Long, Function> known) {
        return mayHold(function, known, new HashSet<>());
    }

    private static boolean mayHold(Function function, Map<Long, Function> known, Set<Long> callers) {
        if (function.oid() < FIRST_USER_OID) {
            return OWN.contains(function.name().substring(function.name().lastIndexOf('.') + 1));
        }
        if (!callers.add(function.oid())) {
            return false;
        }
        if (WORDS.matcher(function.source()).find()) {
            return true;
        }
        boolean[] may = {false};
        if (function.tree() != null) {
            function.tree().forEach(node -> {
                Function called = known.get(node.number("funcid"));
                may[0] |= called != null && mayHold(called, known, callers);
            });
        }
        for (String name : ClaimsOnlyProof.qualifiedCalls(function)) {
            may[0] |= known.values().stream()
                    .anyMatch(called -> called.name().equals(name) && mayHold(called, known, callers));
        }
        return may[0];
    }
}
