/// Caches: answers that callers share for a short time, and values that expire when unused.
@NullMarked
package dev.walcast.rls.cache;

import org.jspecify.annotations.NullMarked;
