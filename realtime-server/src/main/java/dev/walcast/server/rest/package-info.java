/// Broadcasts over HTTP, and the OpenAPI document.
@NullMarked
package dev.walcast.server.rest;

import org.jspecify.annotations.NullMarked;
