/// What a client may ask about a row: the filter's grammar, its resolution against a table, and the index that finds
/// the subscriptions a change may concern. Pure functions: no I/O, no threads, no clock.
@NullMarked
package dev.walcast.filters;

import org.jspecify.annotations.NullMarked;
