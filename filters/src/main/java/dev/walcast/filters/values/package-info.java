/// Compares values in memory exactly as Postgres does, by keys that are made of their output texts. Answers
/// null where only Postgres can compare.
@NullMarked
package dev.walcast.filters.values;

import org.jspecify.annotations.NullMarked;
