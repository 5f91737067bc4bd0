/// The presence of topics: members, what they track, and the diffs that listeners receive.
@NullMarked
package dev.walcast.server.presence;

import org.jspecify.annotations.NullMarked;
