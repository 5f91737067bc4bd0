/// `walcast dev`: an embedded Postgres with a demo schema, and the page that shows it live.
@NullMarked
package dev.walcast.server.dev;

import org.jspecify.annotations.NullMarked;
