package dev.walcast.bench.load;

/// Finds `t=` and sixteen digits in frames that mostly have it in the same place.
final class TimeFinder {
    private static final byte[] MARK = {'t', '='};
    private static final int DIGITS = 16;

    private int place;

    /// @return microseconds since 1970, or -1
    long find(byte[] bytes, int offset, int length) {
        long found = at(bytes, offset, length, place);
        if (found >= 0) {
            return found;
        }
        for (int from = 0; ; from++) {
            int index = indexOf(bytes, offset + from, length - from, MARK);
            if (index < 0) {
                return -1;
            }
            from = index - offset;
            found = at(bytes, offset, length, from);
            if (found >= 0) {
                place = from;
                return found;
            }
        }
    }

    private static long at(byte[] bytes, int offset, int length, int place) {
        int start = offset + place;
        if (place + MARK.length + DIGITS > length || bytes[start] != MARK[0] || bytes[start + 1] != MARK[1]) {
            return -1;
        }
        long number = 0;
        for (int i = start + MARK.length; i < start + MARK.length + DIGITS; i++) {
            int digit = bytes[i] - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            number = number * 10 + digit;
        }
        return number;
    }

    /// Where the wanted bytes begin, or -1.
    static int indexOf(byte[] bytes, int offset, int length, byte[] wanted) {
        int last = offset + length - wanted.length;
        for (int i = offset; i <= last; i++) {
            int n = 0;
            while (n < wanted.length && bytes[i + n] == wanted[n]) {
                n++;
            }
            if (n == wanted.length) {
                return i;
            }
        }
        return -1;
    }
}
