/// The settings of a server, from the command line, the environment and the settings file.
@NullMarked
package dev.walcast.server.settings;

import org.jspecify.annotations.NullMarked;
