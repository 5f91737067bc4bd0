/// What a binding asks for, and why it cannot be served.
@NullMarked
package dev.walcast.server.binding;

import org.jspecify.annotations.NullMarked;
