/// Makes a subscription live: resolves its bindings, and catches up from the window or with a snapshot.
@NullMarked
package dev.walcast.server.subscribe;

import org.jspecify.annotations.NullMarked;
