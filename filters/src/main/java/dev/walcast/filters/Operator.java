package dev.walcast.filters;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An operator of a condition: its name in a filter, and Postgres' operator.
public enum Operator {
    EQ("eq", "="),
    NEQ("neq", "<>"),
    LT("lt", "<"),
    LTE("lte", "<="),
    GT("gt", ">"),
    GTE("gte", ">="),
    IN("in", "= ANY"),
    LIKE("like", "~~"),
    ILIKE("ilike", "~~*"),
    IS("is", "IS"),
    MATCH("match", "~"),
    IMATCH("imatch", "~*"),
    ISDISTINCT("isdistinct", "IS DISTINCT FROM"),
    // These are not in the reference implementation; they have PostgREST's names.
    CONTAINS("cs", "@>"),
    CONTAINED("cd", "<@"),
    OVERLAPS("ov", "&&"),
    STRICTLY_LEFT("sl", "<<"),
    STRICTLY_RIGHT("sr", ">>"),
    NOT_LEFT("nxl", "&>"),
    NOT_RIGHT("nxr", "&<"),
    ADJACENT("adj", "-|-"),
    FULL_TEXT("fts", "to_tsquery"),
    PLAIN_FULL_TEXT("plfts", "plainto_tsquery"),
    PHRASE_FULL_TEXT("phfts", "phraseto_tsquery"),
    WEB_FULL_TEXT("wfts", "websearch_to_tsquery");

    private static final Map<String, Operator> BY_TOKEN = new HashMap<>();

    static {
        for (Operator operator : values()) {
            BY_TOKEN.put(operator.token, operator);
        }
    }

    private final String token;
    private final String sql;

    Operator(String token, String sql) {
        this.token = token;
        this.sql = sql;
    }

    /// Returns the operator's name in a filter.
    public String token() {
        return token;
    }

    /// Returns Postgres' operator; for full text, the function that creates the query.
    String sql() {
        return sql;
    }

    boolean isFullText() {
        return compareTo(FULL_TEXT) >= 0;
    }

    /// Whether Postgres compiles the value before it reads a row.
    boolean isCompiled() {
        return this == MATCH || this == IMATCH || isFullText();
    }

    /// Whether both operands are texts.
    boolean isPattern() {
        return this == LIKE || this == ILIKE || this == MATCH || this == IMATCH;
    }

    /// Returns the operator of this name, which is in lower case as in the protocol; null when there is none.
    static @Nullable Operator of(String token) {
        return BY_TOKEN.get(token);
    }
}
