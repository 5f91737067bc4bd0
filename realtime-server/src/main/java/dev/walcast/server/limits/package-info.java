/// The bounds that several packages share, and the budgets and turns that keep clients within them.
@NullMarked
package dev.walcast.server.limits;

import org.jspecify.annotations.NullMarked;
