/// Admits clients and holds what each of them has open: a socket with its channels, or a stream.
@NullMarked
package dev.walcast.server.session;

import org.jspecify.annotations.NullMarked;
