/// Who may see what: roles, privileges, row-level security. Talks to Postgres behind one interface and knows nothing
/// of sockets.
@NullMarked
package dev.walcast.rls;

import org.jspecify.annotations.NullMarked;
