/// The command line: its commands, and what they print.
@NullMarked
package dev.walcast.server.cli;

import org.jspecify.annotations.NullMarked;
