/// The types of a database, as its catalog has them.
@NullMarked
package dev.walcast.cdc.types;

import org.jspecify.annotations.NullMarked;
