/// Rights on private topics: the questions to the database, and how often they are asked again.
@NullMarked
package dev.walcast.server.access;

import org.jspecify.annotations.NullMarked;
