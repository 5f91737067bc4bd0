/// The topics of this node: who receives their broadcasts, and the stored broadcasts that a join may ask for.
@NullMarked
package dev.walcast.server.topic;

import org.jspecify.annotations.NullMarked;
