/// The settings of a server, as the command line, the environment and the settings file give them.
@NullMarked
package dev.walcast.server.settings;

import org.jspecify.annotations.NullMarked;
