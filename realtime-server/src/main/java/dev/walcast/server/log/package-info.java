/// The form of log lines, and how often a client can cause one.
@NullMarked
package dev.walcast.server.log;

import org.jspecify.annotations.NullMarked;
