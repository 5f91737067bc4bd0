/// Conditions over one row, resolved against its table, in SQL's three-valued logic. A condition that memory
/// cannot decide carries a question for Postgres.
@NullMarked
package dev.walcast.filters.predicate;

import org.jspecify.annotations.NullMarked;
