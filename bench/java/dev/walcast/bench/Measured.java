package dev.walcast.bench;

import java.util.Locale;

/// What a program has measured, in the form that `walcast bench` reads; everything else it prints is for people.
final class Measured {
    private Measured() {}

    static void say(String measure, String unit, String who, double value) {
        System.out.println(String.format(Locale.ROOT, "@%s|%s|%s|%.6g", measure, unit, who, value));
    }
}
