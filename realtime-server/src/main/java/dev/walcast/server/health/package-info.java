/// What the parts of the server report about themselves to those who run it.
@NullMarked
package dev.walcast.server.health;

import org.jspecify.annotations.NullMarked;
