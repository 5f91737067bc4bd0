/// Policies as expressions: their trees, what is proven of them, plans, plans of one viewer.
@NullMarked
package dev.walcast.rls.policy;

import org.jspecify.annotations.NullMarked;
