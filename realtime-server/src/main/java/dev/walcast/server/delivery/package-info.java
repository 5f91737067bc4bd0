/// Decides which changes a subscription receives, asks Postgres where memory cannot, and delivers in order.
@NullMarked
package dev.walcast.server.delivery;

import org.jspecify.annotations.NullMarked;
