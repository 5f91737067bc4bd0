package dev.walcast.rls.policy;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.policy.PolicySet.Function;
import dev.walcast.rls.session.SettingsSql;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Proves that the value of an expression depends on the viewer only: on claims and settings of the session, and not
/// on rows, tables or the clock. Without a proof, the expression is taken to depend on them. What a user's function
/// declares about itself is not used as a proof.
public final class ClaimsOnlyProof {
    private static final long FIRST_USER_OID = 16_384;

    /// `current_setting(text)` and `current_setting(text, boolean)`.
    private static final Set<Long> CURRENT_SETTING = Set.of(2077L, 3294L);

    /// Nodes whose value depends on the nodes below them only.
    private static final Set<String> PURE = Set.of(
            "FUNCEXPR",
            "OPEXPR",
            "DISTINCTEXPR",
            "NULLIFEXPR",
            "SCALARARRAYOPEXPR",
            "CONST",
            "COERCEVIAIO",
            "RELABELTYPE",
            "COALESCEEXPR",
            "BOOLEXPR",
            "NULLTEST",
            "BOOLEANTEST",
            "CASEEXPR",
            "CASEWHEN",
            "CASETESTEXPR",
            "ARRAYEXPR",
            "ARRAYCOERCEEXPR",
            "SUBLINK",
            "QUERY",
            "FROMEXPR",
            "TARGETENTRY",
            "PARAM",
            "COLLATEEXPR");

    /// A literal with doubled quotes is two tokens, so that the matcher does not recurse.
    private static final Pattern TOKEN = Pattern.compile(
            "\\s+|--[^\\n]*|'[^']*'|\\d+(?:\\.\\d+)?"
                    + "|[A-Za-z_][A-Za-z0-9_$]*(?:\\.[A-Za-z_][A-Za-z0-9_$]*)?|::|->>|->|#>>|#>|\\|\\||<>|!=|<=|>=|[=<>(),;\\[\\]]");

    /// Words of SQL, and names of types, that read no row and no setting.
    private static final Set<String> WORDS = Set.of(
            "select",
            "as",
            "coalesce",
            "nullif",
            "case",
            "when",
            "then",
            "else",
            "end",
            "and",
            "or",
            "not",
            "is",
            "in",
            "null",
            "true",
            "false",
            "uuid",
            "text",
            "jsonb",
            "json",
            "int",
            "integer",
            "bigint",
            "int4",
            "int8",
            "boolean",
            "bool",
            "varchar",
            "cast",
            "distinct",
            "like",
            "any",
            "array");

    /// Functions of Postgres that depend on their arguments only, and the one that reads settings.
    private static final Set<String> CALLS = Set.of(
            "current_setting",
            "lower",
            "upper",
            "btrim",
            "ltrim",
            "rtrim",
            "replace",
            "split_part",
            "length",
            "pg_catalog.current_setting");

    private static final Pattern QUALIFIED_CALL =
            Pattern.compile("([a-z_][a-z0-9_]*\\.[a-z_][a-z0-9_]*)\\s*\\(", Pattern.CASE_INSENSITIVE);

    /// Types whose input reads neither the clock, as `today` does, nor the catalog: `bool`, `bytea`, `name`,
    /// integers, `text`, `json`, floats, `money`, `bpchar`, `varchar`, `interval`, `numeric`, `uuid`, `jsonb`,
    /// addresses, and arrays of the common ones.
    private static final Set<Long> READ_WITHOUT_CLOCK = Set.of(
            16L, 17L, 19L, 20L, 21L, 23L, 25L, 114L, 700L, 701L, 790L, 1042L, 1043L, 1186L, 1700L, 2950L, 3802L, 869L,
            650L, 829L, 774L, 1000L, 1005L, 1007L, 1016L, 1009L, 1014L, 1015L, 1021L, 1022L, 1231L, 2951L, 3807L, 199L);

    private final Map<Long, Function> functions;
    private final boolean catalogFirst;

    /// The results so far, so that each function is examined once.
    private final Map<Long, Boolean> proven = new HashMap<>();

    ClaimsOnlyProof(Map<Long, Function> functions, SessionSettings settings) {
        this.functions = functions;
        String path = settings.get(SettingsSql.SEARCH_PATH);
        // Objects of Postgres are found first, unless the path puts pg_catalog elsewhere.
        this.catalogFirst = path == null || !path.contains("pg_catalog");
    }

    /// Whether the expression is proven to depend on the viewer only.
    boolean isProven(NodeTree node) {
        return isProven(node, new HashSet<>());
    }

    private boolean isProven(NodeTree node, Set<Long> callers) {
        boolean[] proven = {true};
        node.forEach(part -> proven[0] = proven[0] && isPure(part, callers));
        return proven[0];
    }

    private boolean isPure(NodeTree node, Set<Long> callers) {
        if (!PURE.contains(node.name())) {
            return false;
        }
        if (node.name().equals("QUERY")) {
            return node.isEmpty("rtable")
                    && node.isEmpty("cteList")
                    && node.isEmpty("setOperations")
                    && node.number("commandType") == 1;
        }
        // A parameter of a function's body; of a sub-select it would be another kind.
        if (node.name().equals("PARAM") && node.number("paramkind") != 0) {
            return false;
        }
        // A cast through text calls functions that the tree does not name.
        if (node.name().equals("COERCEVIAIO") && !READ_WITHOUT_CLOCK.contains(node.number("resulttype"))) {
            return false;
        }
        return List.of("funcid", "opfuncid").stream()
                .allMatch(field -> node.number(field) <= 0 || isProven(node.number(field), callers));
    }

    /// Whether a function is proven, for any arguments.
    private boolean isProven(long oid, Set<Long> callers) {
        Function function = functions.get(oid);
        if (CURRENT_SETTING.contains(oid)) {
            return true;
        }
        if (function == null || !function.isPlain()) {
            return false;
        }
        if (oid < FIRST_USER_OID) {
            return function.volatility() == 'i';
        }
        Boolean known = proven.get(oid);
        if (known != null) {
            return known;
        }
        if (!function.isSql() || !callers.add(oid)) {
            return false;
        }
        try {
            NodeTree tree = function.tree();
            boolean isProven =
                    tree != null ? isProven(tree, callers) : catalogFirst && isProvenText(function.source(), callers);
            proven.put(oid, isProven);
            return isProven;
        } finally {
            callers.remove(oid);
        }
    }

    /// Whether the function is proven to depend on its arguments and the viewer only.
    boolean isProvenFunction(long oid) {
        return isProven(oid, new HashSet<>());
    }

    /// Whether a body that Postgres keeps as text is one SELECT of known words, without FROM.
    private boolean isProvenText(String body, Set<Long> callers) {
        Matcher token = TOKEN.matcher(body);
        int at = 0;
        int selects = 0;
        boolean ended = false;
        while (at < body.length()) {
            if (!token.find(at) || token.start() != at) {
                return false;
            }
            String text = token.group();
            at = token.end();
            if (text.isBlank() || text.startsWith("--")) {
                continue;
            }
            if (ended) {
                return false;
            }
            ended = text.equals(";");
            if (Character.isLetter(text.charAt(0)) || text.charAt(0) == '_') {
                String word = text.toLowerCase(Locale.ROOT);
                selects += word.equals("select") ? 1 : 0;
                boolean call = body.substring(at).stripLeading().startsWith("(");
                if (!isAllowed(word, call, callers)) {
                    return false;
                }
            }
        }
        return selects >= 1;
    }

    private boolean isAllowed(String word, boolean call, Set<Long> callers) {
        if (WORDS.contains(word)) {
            return true;
        }
        if (!call) {
            return false;
        }
        if (CALLS.contains(word)) {
            return true;
        }
        List<Function> meant = functions.values().stream()
                .filter(known -> known.name().equals(word))
                .toList();
        return !meant.isEmpty() && meant.stream().allMatch(function -> isProven(function.oid(), callers));
    }

    /// Returns the qualified names of the functions that a body calls. Only a body that Postgres keeps as text is
    /// searched.
    public static Set<String> qualifiedCalls(Function function) {
        Set<String> names = new HashSet<>();
        if (function.isSql() && function.tree() == null && function.oid() >= FIRST_USER_OID) {
            Matcher call = QUALIFIED_CALL.matcher(function.source());
            while (call.find()) {
                names.add(call.group(1).toLowerCase(Locale.ROOT));
            }
        }
        return names;
    }
}
