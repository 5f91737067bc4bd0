/// Who is on the other side: access tokens.
@NullMarked
package dev.walcast.server.auth;

import org.jspecify.annotations.NullMarked;
