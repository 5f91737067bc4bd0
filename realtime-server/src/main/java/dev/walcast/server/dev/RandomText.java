package dev.walcast.server.dev;

import java.security.SecureRandom;
import java.util.HexFormat;

/// Texts nobody can guess.
final class RandomText {
    private RandomText() {}

    /// 128 bits as hex digits.
    static String ofLength32() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
