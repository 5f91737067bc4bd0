/// The replay window: recent transactions, how long they are kept, and when they may be acknowledged.
@NullMarked
package dev.walcast.server.window;

import org.jspecify.annotations.NullMarked;
