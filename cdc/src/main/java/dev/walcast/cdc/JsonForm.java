package dev.walcast.cdc;

/// How `to_jsonb` turns a scalar's text into JSON.
public enum JsonForm {
    BOOLEAN,
    /// Digits; `NaN` and the infinities become strings.
    NUMBER,
    /// The text as a string: everything without a rule of its own.
    TEXT,
    DATE,
    TIMESTAMP,
    TIMESTAMPTZ,
    /// Parsed and normalised as `jsonb` would.
    JSON,
    /// Already normal.
    JSONB,
    /// Hex without `\x` at the top of a record (the Realtime protocol's choice), with it inside arrays and
    /// composites.
    BYTEA,
    HSTORE,
    /// A cast function to `json` decides, which only Postgres can run: such a value is reported as not exact.
    CAST,
    /// `int2vector`: numbers separated by blanks, drawn as a JSON array.
    NUMBER_LIST,
    /// `oidvector`: numbers separated by blanks, drawn as a JSON array of strings.
    TEXT_LIST
}
