package dev.walcast.server.dev;

import java.security.SecureRandom;
import java.util.HexFormat;

/// Generates texts that cannot be guessed.
final class RandomText {
    private RandomText() {}

    /// 128 bits as hex digits.
    static String ofLength32() {
        byte[] bytes = new byte[16];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
