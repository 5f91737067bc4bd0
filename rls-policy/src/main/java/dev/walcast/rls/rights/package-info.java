/// The rights in force: what roles may do with tables, and from which place in the log on that must be read again.
@NullMarked
package dev.walcast.rls.rights;

import org.jspecify.annotations.NullMarked;
