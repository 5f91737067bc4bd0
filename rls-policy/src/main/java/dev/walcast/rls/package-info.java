/// The values of rights (viewers, roles, access to tables, snapshots of a database), and the interface to the catalog.
@NullMarked
package dev.walcast.rls;

import org.jspecify.annotations.NullMarked;
