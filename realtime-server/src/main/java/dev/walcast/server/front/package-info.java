/// The port of the server: accepts connections, bounds them, and hands their requests to the HTTP engine.
@NullMarked
package dev.walcast.server.front;

import org.jspecify.annotations.NullMarked;
