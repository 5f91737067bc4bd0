package dev.walcast.server.front;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.PeerInfo;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// A socket that supplies a client's bytes in pieces of random size, and collects what is written.
final class FakeSocket implements ClientSocket {
    private final byte[] input;
    private final SplittableRandom random;
    private final ByteArrayOutputStream output = new ByteArrayOutputStream();
    private int at;

    FakeSocket(byte[] input, SplittableRandom random) {
        this.input = input;
        this.random = random;
    }

    String output() {
        return output.toString(ISO_8859_1);
    }

    @Override
    public byte @Nullable [] get() {
        if (at == input.length) {
            return null;
        }
        int size = 1 + random.nextInt(random.nextBoolean() ? 8 : input.length);
        byte[] piece = Arrays.copyOfRange(input, at, Math.min(input.length, at + size));
        at += piece.length;
        return piece;
    }

    @Override
    public void write(BufferData buffer) {
        output.writeBytes(buffer.readBytes());
    }

    @Override
    public void close() {}

    @Override
    public void endOutput() {}

    @Override
    public void idle() {}

    @Override
    public boolean isConnected() {
        return true;
    }

    @SuppressWarnings("removal")
    @Override
    public int read(BufferData buffer) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PeerInfo remotePeer() {
        return Peer.forwarded(InetAddress.getLoopbackAddress());
    }

    @Override
    public PeerInfo localPeer() {
        return remotePeer();
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public String socketId() {
        return "fake";
    }

    @Override
    public String childSocketId() {
        return "fake";
    }
}
