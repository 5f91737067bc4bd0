package dev.walcast.bench;

import java.util.Locale;

/// Prints measurements in the form that `walcast bench` reads. All other output is for people.
final class Measured {
    private Measured() {}

    static void say(String measure, String unit, String who, double value) {
        System.out.println(String.format(Locale.ROOT, "@%s|%s|%s|%.6g", measure, unit, who, value));
    }
}
