/// Programs that `walcast bench` starts: measurements in one process, and helpers beside the server.
@NullMarked
package dev.walcast.bench;

import org.jspecify.annotations.NullMarked;
