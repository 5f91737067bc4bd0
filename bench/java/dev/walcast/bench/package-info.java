/// Programs that `walcast bench` starts: what is measured in one process, and what it needs beside the server.
@NullMarked
package dev.walcast.bench;

import org.jspecify.annotations.NullMarked;
