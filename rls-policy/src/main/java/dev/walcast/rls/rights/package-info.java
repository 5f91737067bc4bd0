/// Keeps the rights of roles on tables, and the places in the log from which they must be read again.
@NullMarked
package dev.walcast.rls.rights;

import org.jspecify.annotations.NullMarked;
