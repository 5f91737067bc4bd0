/// Reads a client's filter and resolves it against a table to a predicate. The sub-packages compare values
/// ([values][dev.walcast.filters.values]), evaluate predicates ([predicate][dev.walcast.filters.predicate]) and
/// find subscriptions ([index][dev.walcast.filters.index]). None of them does I/O, starts threads or reads a
/// clock.
@NullMarked
package dev.walcast.filters;

import org.jspecify.annotations.NullMarked;
