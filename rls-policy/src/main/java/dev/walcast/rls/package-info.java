/// The values of rights: viewers, roles, access to tables, moments of a database; and the port to the catalog.
@NullMarked
package dev.walcast.rls;

import org.jspecify.annotations.NullMarked;
