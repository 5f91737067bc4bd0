/// What the server's parts report about their health, and the watches that end the process.
@NullMarked
package dev.walcast.server.health;

import org.jspecify.annotations.NullMarked;
