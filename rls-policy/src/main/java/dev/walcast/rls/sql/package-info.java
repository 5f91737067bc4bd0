/// SQL text, SQL files, and the meaning of SQL errors.
@NullMarked
package dev.walcast.rls.sql;

import org.jspecify.annotations.NullMarked;
