/// Where a Postgres server is, how its names are quoted, and which tables its publications hold. Opens no
/// connection.
@NullMarked
package dev.walcast.cdc.postgres;

import org.jspecify.annotations.NullMarked;
