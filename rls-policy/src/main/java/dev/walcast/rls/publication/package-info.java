/// Reads the members of a publication from the catalog.
@NullMarked
package dev.walcast.rls.publication;

import org.jspecify.annotations.NullMarked;
