/// Finds the subscriptions that a change may concern, by their tables, events and predicates.
@NullMarked
package dev.walcast.filters.index;

import org.jspecify.annotations.NullMarked;
