/// From a committed change to the channels that may have it: find, group, guard, project, encode, offer.
@NullMarked
package dev.walcast.server.changes;

import org.jspecify.annotations.NullMarked;
