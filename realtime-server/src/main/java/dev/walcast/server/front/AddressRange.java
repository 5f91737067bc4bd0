package dev.walcast.server.front;

import dev.walcast.server.http.Grammar;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/// A range of addresses, such as `10.0.0.0/8` or `fd00::/8`.
final class AddressRange {
    private static final Pattern FOUR_NUMBERS = Pattern.compile("[0-9]{1,3}(\\.[0-9]{1,3}){3}");

    private final byte[] address;
    private final int bits;

    private AddressRange(byte[] address, int bits) {
        this.address = address;
        this.bits = bits;
    }

    /// @return empty when the text is neither an address nor a range, or has bits beyond its prefix
    static Optional<AddressRange> parse(String text) {
        int slash = text.indexOf('/');
        String prefix = slash < 0 ? "" : text.substring(slash + 1);
        Optional<InetAddress> parsed = address(slash < 0 ? text : text.substring(0, slash));
        if (parsed.isEmpty() || (slash >= 0 && !(Grammar.isDigits(prefix) && prefix.length() <= 3))) {
            return Optional.empty();
        }
        byte[] bytes = parsed.get().getAddress();
        int bits = slash < 0 ? 8 * bytes.length : Integer.parseInt(prefix);
        AddressRange network = new AddressRange(bytes, bits);
        return bits <= 8 * bytes.length && Arrays.equals(network.masked(bytes), bytes)
                ? Optional.of(network)
                : Optional.empty();
    }

    boolean contains(InetAddress other) {
        byte[] bytes = other.getAddress();
        return bytes.length == address.length && Arrays.equals(masked(bytes), address);
    }

    private byte[] masked(byte[] bytes) {
        byte[] masked = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            int kept = Math.clamp(bits - 8L * i, 0, 8);
            masked[i] = (byte) (bytes[i] & (0xFF << (8 - kept)));
        }
        return masked;
    }

    /// Parses a numeric address. Names are not resolved.
    static Optional<InetAddress> address(String text) {
        boolean isFour = FOUR_NUMBERS.matcher(text).matches();
        if (!isFour && (text.indexOf(':') < 0 || text.indexOf('%') >= 0)) {
            return Optional.empty();
        }
        try {
            return Optional.of(InetAddress.ofLiteral(text));
        } catch (IllegalArgumentException _) {
            return Optional.empty();
        }
    }
}
