/// Runs tasks on threads: timers, lanes that keep an order, and tasks that wait for a thread.
@NullMarked
package dev.walcast.server.tasks;

import org.jspecify.annotations.NullMarked;
