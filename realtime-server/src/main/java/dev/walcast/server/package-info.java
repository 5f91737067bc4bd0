/// The server: composition root, settings and the command line.
@NullMarked
package dev.walcast.server;

import org.jspecify.annotations.NullMarked;
