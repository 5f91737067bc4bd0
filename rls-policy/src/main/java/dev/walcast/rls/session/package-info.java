/// How sessions of roles begin: logins, settings, time zone; how one acts as a viewer.
@NullMarked
package dev.walcast.rls.session;

import org.jspecify.annotations.NullMarked;
