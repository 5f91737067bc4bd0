/// The commands of the command line, and what they print.
@NullMarked
package dev.walcast.server.cli;

import org.jspecify.annotations.NullMarked;
