/// Sets up sessions that act as roles and viewers: logins, settings, time zone.
@NullMarked
package dev.walcast.rls.session;

import org.jspecify.annotations.NullMarked;
