/// SQL as text, and what SQL errors say.
@NullMarked
package dev.walcast.rls.sql;

import org.jspecify.annotations.NullMarked;
