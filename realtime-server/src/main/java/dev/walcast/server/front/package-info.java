/// The server's port: accepts connections, limits them, and hands their requests to the HTTP engine.
@NullMarked
package dev.walcast.server.front;

import org.jspecify.annotations.NullMarked;
