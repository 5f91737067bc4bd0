package dev.walcast.cdc;

/// How `to_jsonb` converts a scalar's text to JSON.
public enum JsonForm {
    BOOLEAN,
    /// A number; `NaN` and the infinities are strings.
    NUMBER,
    /// The text as a string: all types without a rule of their own.
    TEXT,
    DATE,
    TIMESTAMP,
    TIMESTAMPTZ,
    /// Parsed, and normalized as `jsonb`.
    JSON,
    /// Already normalized.
    JSONB,
    /// Hexadecimal digits: without `\x` at the top of a record, as in the Realtime protocol, and with it inside
    /// arrays and composites.
    BYTEA,
    HSTORE,
    /// The result of a cast function to `json`, which only Postgres can run: such a value is reported as not
    /// exact.
    CAST,
    /// `int2vector`: numbers separated by spaces, rendered as a JSON array.
    NUMBER_LIST,
    /// `oidvector`: numbers separated by spaces, rendered as a JSON array of strings.
    TEXT_LIST
}
