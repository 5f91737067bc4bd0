/// What a publication holds, read from the catalog.
@NullMarked
package dev.walcast.rls.publication;

import org.jspecify.annotations.NullMarked;
