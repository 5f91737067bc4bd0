/// Checks from outside whether each client receives what Postgres lets it see, while rights, tokens and rows change.
@NullMarked
package dev.walcast.server.rights;

import org.jspecify.annotations.NullMarked;
