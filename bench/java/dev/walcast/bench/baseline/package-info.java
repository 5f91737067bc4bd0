/// Minimal servers without Walcast, which show what the machine allows.
@NullMarked
package dev.walcast.bench.baseline;

import org.jspecify.annotations.NullMarked;
