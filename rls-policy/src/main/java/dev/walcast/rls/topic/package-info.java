/// Checks what viewers may do on private topics.
@NullMarked
package dev.walcast.rls.topic;

import org.jspecify.annotations.NullMarked;
