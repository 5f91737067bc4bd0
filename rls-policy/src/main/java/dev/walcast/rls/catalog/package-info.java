/// Reads rights, policies and roles from the catalog of Postgres.
@NullMarked
package dev.walcast.rls.catalog;

import org.jspecify.annotations.NullMarked;
