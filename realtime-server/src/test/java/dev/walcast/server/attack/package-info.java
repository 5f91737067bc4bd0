/// Attacks and faults beside a healthy subscriber, which must not notice them.
@NullMarked
package dev.walcast.server.attack;

import org.jspecify.annotations.NullMarked;
