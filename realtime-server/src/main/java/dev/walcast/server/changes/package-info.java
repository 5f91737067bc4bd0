/// Takes committed changes from the source and finds the subscriptions that they concern.
@NullMarked
package dev.walcast.server.changes;

import org.jspecify.annotations.NullMarked;
