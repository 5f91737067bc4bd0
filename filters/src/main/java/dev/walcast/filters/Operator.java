package dev.walcast.filters;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a condition may ask, by the name clients write.
public enum Operator {
    EQ("eq"),
    NEQ("neq"),
    LT("lt"),
    LTE("lte"),
    GT("gt"),
    GTE("gte"),
    IN("in"),
    LIKE("like"),
    ILIKE("ilike"),
    IS("is"),
    MATCH("match"),
    IMATCH("imatch"),
    ISDISTINCT("isdistinct");

    private static final Map<String, Operator> BY_TOKEN = new HashMap<>();

    static {
        for (Operator operator : values()) {
            BY_TOKEN.put(operator.token, operator);
        }
    }

    private final String token;

    Operator(String token) {
        this.token = token;
    }

    public String token() {
        return token;
    }

    /// Lower case only, as the protocol has it; null for anything else.
    static @Nullable Operator of(String token) {
        return BY_TOKEN.get(token);
    }
}
