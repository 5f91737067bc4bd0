/// Topics, channels and what travels over them: joins, broadcast, and the seam to the change feed.
@NullMarked
package dev.walcast.server.channel;

import org.jspecify.annotations.NullMarked;
