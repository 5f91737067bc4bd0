/// The admin port: metrics, status, who is connected, disconnects. For operators; never for clients.
@NullMarked
package dev.walcast.server.admin;

import org.jspecify.annotations.NullMarked;
