package dev.walcast.filters.values;

import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/// The key of an `inet` or `cidr`. Keys compare by family, then by the network's bits, then by the mask's
/// length, then by the address.
record NetworkKey(boolean v6, BigInteger address, int mask) {
    private static final int V4_BITS = 32;
    private static final int V6_BITS = 128;
    private static final int V6_GROUPS = 8;

    /// Parses an output text; null for a form that this class does not read.
    static @Nullable Object of(String text) {
        int slash = text.indexOf('/');
        String address = slash < 0 ? text : text.substring(0, slash);
        boolean v6 = address.indexOf(':') >= 0;
        BigInteger bits = v6 ? v6(address) : v4(address);
        if (bits == null) {
            return null;
        }
        int full = v6 ? V6_BITS : V4_BITS;
        return new NetworkKey(v6, bits, slash < 0 ? full : Integer.parseInt(text.substring(slash + 1)));
    }

    private static @Nullable BigInteger v4(String text) {
        String[] parts = text.split("\\.", -1);
        if (parts.length != 4) {
            return null;
        }
        long bits = 0;
        for (String part : parts) {
            bits = bits << 8 | Integer.parseInt(part);
        }
        return BigInteger.valueOf(bits);
    }

    private static @Nullable BigInteger v6(String text) {
        int gap = text.indexOf("::");
        String[] head = groups(gap < 0 ? text : text.substring(0, gap));
        String[] tail = gap < 0 ? new String[0] : groups(text.substring(gap + 2));
        if (text.indexOf('.') >= 0 || head.length + tail.length > V6_GROUPS || (gap < 0 && head.length < V6_GROUPS)) {
            return null;
        }
        BigInteger bits = BigInteger.ZERO;
        for (int i = 0; i < V6_GROUPS; i++) {
            int fromTail = i - (V6_GROUPS - tail.length);
            String group = i < head.length ? head[i] : fromTail >= 0 ? tail[fromTail] : "0";
            bits = bits.shiftLeft(16).or(BigInteger.valueOf(Integer.parseInt(group, 16)));
        }
        return bits;
    }

    private static String[] groups(String text) {
        return text.isEmpty() ? new String[0] : text.split(":", -1);
    }

    static int compareKeys(Object one, Object other) {
        NetworkKey first = (NetworkKey) one;
        NetworkKey second = (NetworkKey) other;
        if (first.v6 != second.v6) {
            return Boolean.compare(first.v6, second.v6);
        }
        int shared = Math.min(first.mask, second.mask);
        int byNetwork = first.network(shared).compareTo(second.network(shared));
        if (byNetwork != 0) {
            return byNetwork;
        }
        int byMask = Integer.compare(first.mask, second.mask);
        return byMask != 0 ? byMask : first.address.compareTo(second.address);
    }

    private BigInteger network(int bits) {
        return address.shiftRight((v6 ? V6_BITS : V4_BITS) - bits);
    }
}
