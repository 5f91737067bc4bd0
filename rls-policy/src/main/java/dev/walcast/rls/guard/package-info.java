/// Decides whether a viewer may see a change, and which of its columns.
@NullMarked
package dev.walcast.rls.guard;

import org.jspecify.annotations.NullMarked;
