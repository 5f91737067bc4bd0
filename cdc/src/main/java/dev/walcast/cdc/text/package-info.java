/// Reads Postgres' output texts and writes them as JSON, exactly as `to_jsonb` does.
@NullMarked
package dev.walcast.cdc.text;

import org.jspecify.annotations.NullMarked;
