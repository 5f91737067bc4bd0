/// Asks Postgres what memory cannot decide: policies, filters and patterns.
@NullMarked
package dev.walcast.rls.question;

import org.jspecify.annotations.NullMarked;
