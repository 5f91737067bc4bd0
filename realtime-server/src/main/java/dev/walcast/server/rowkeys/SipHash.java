package dev.walcast.server.rowkeys;

/// Computes SipHash-2-4 with a result of 128 bits. Without the key its output cannot be told from random bits. Use an
/// instance for one input and on one thread.
final class SipHash {
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private long word;
    private long length;
    private boolean finished;

    SipHash(long key0, long key1) {
        v0 = key0 ^ 0x736f6d6570736575L;
        v1 = key1 ^ 0x646f72616e646f6dL ^ 0xee;
        v2 = key0 ^ 0x6c7967656e657261L;
        v3 = key1 ^ 0x7465646279746573L;
    }

    SipHash add(byte value) {
        word |= (value & 0xffL) << (8 * (length & 7));
        length++;
        if ((length & 7) == 0) {
            compress();
        }
        return this;
    }

    SipHash add(long value) {
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            add((byte) (value >>> shift));
        }
        return this;
    }

    /// Adds the length and each char, so that no two sequences of texts give the same input.
    SipHash add(String text) {
        add((long) text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            add((byte) c);
            add((byte) (c >>> Byte.SIZE));
        }
        return this;
    }

    private void compress() {
        v3 ^= word;
        round();
        round();
        v0 ^= word;
        word = 0;
    }

    /// The first half of the result. Ends the input. Call it once, before [#high()].
    long low() {
        if (finished) {
            throw new IllegalStateException("the hash is finished");
        }
        finished = true;
        word |= length << 56;
        compress();
        v2 ^= 0xee;
        rounds();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    /// The second half of the result. Call it once, after [#low()].
    long high() {
        v1 ^= 0xdd;
        rounds();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void rounds() {
        for (int i = 0; i < 4; i++) {
            round();
        }
    }

    private void round() {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
    }
}
