/// The command line: commands, the settings they share, and what they print.
@NullMarked
package dev.walcast.server.cli;

import org.jspecify.annotations.NullMarked;
