/// What the log's lines look like.
@NullMarked
package dev.walcast.server.log;

import org.jspecify.annotations.NullMarked;
