/// Broadcasts over HTTP, and the document that describes it.
@NullMarked
package dev.walcast.server.rest;

import org.jspecify.annotations.NullMarked;
