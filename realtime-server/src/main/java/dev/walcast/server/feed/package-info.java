/// The port between channels and the change path: what a channel subscribes to, and what it receives.
@NullMarked
package dev.walcast.server.feed;

import org.jspecify.annotations.NullMarked;
