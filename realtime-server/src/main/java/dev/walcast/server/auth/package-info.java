/// Who a client is: tokens in, viewers out.
@NullMarked
package dev.walcast.server.auth;

import org.jspecify.annotations.NullMarked;
