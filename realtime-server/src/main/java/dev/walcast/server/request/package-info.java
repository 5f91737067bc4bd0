/// What clients ask for: joins, bindings, tokens, presence, acknowledgements. Reads their JSON once and makes values of
/// it. No package above this one reads a client's JSON again.
@NullMarked
package dev.walcast.server.request;

import org.jspecify.annotations.NullMarked;
