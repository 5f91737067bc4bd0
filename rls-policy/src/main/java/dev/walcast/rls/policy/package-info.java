/// Turns policies into plans: parses their expressions, proves properties of them, binds plans to viewers.
@NullMarked
package dev.walcast.rls.policy;

import org.jspecify.annotations.NullMarked;
