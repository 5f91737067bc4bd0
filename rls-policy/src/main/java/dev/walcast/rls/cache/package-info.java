/// Answers that are kept for a short time and shared by all that ask the same.
@NullMarked
package dev.walcast.rls.cache;

import org.jspecify.annotations.NullMarked;
