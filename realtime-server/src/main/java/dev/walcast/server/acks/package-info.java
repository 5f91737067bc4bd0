/// How far clients have acknowledged the changes they got: one place for each subject, topic and binding.
@NullMarked
package dev.walcast.server.acks;

import org.jspecify.annotations.NullMarked;
