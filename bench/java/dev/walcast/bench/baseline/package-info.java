/// The least that somebody could do instead: what the machine allows.
@NullMarked
package dev.walcast.bench.baseline;

import org.jspecify.annotations.NullMarked;
