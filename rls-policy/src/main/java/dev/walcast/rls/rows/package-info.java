/// Reads rows of a table with a viewer's rights.
@NullMarked
package dev.walcast.rls.rows;

import org.jspecify.annotations.NullMarked;
