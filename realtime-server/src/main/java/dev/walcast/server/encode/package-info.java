/// Encodes changes as the JSON that clients read, once for each projection.
@NullMarked
package dev.walcast.server.encode;

import org.jspecify.annotations.NullMarked;
