/// Limits that several packages share, and the budgets, shares and turns that enforce them.
@NullMarked
package dev.walcast.server.limits;

import org.jspecify.annotations.NullMarked;
