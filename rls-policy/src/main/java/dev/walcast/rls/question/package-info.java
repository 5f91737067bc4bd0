/// Questions that only Postgres can answer: about policies, filters and patterns.
@NullMarked
package dev.walcast.rls.question;

import org.jspecify.annotations.NullMarked;
