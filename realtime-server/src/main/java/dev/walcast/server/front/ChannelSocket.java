package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.socket.PeerInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// A socket without encryption. Its read buffer is small and grows while the client sends much, because most sockets
/// receive little.
final class ChannelSocket implements ClientSocket {
    private static final int READ_BYTES_MIN = 1024;
    private static final int READ_BYTES_MAX = 16 * 1024;
    private static final int WRITE_BYTES_MAX = 64 * 1024;

    private final SocketChannel channel;
    private final String name;
    private final Peer remote;
    private ByteBuffer buffer = ByteBuffer.allocate(READ_BYTES_MIN);

    ChannelSocket(SocketChannel channel, String name, InetSocketAddress remote) {
        this.channel = requireNonNull(channel, "channel is null");
        this.name = requireNonNull(name, "name is null");
        this.remote = new Peer(remote);
    }

    @Override
    public byte @Nullable [] get() {
        try {
            buffer.clear();
            int count = channel.read(buffer);
            if (count < 0) {
                return null;
            }
            byte[] bytes = Arrays.copyOf(buffer.array(), count);
            fit(count);
            return bytes;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void fit(int count) {
        int size = buffer.capacity();
        if (count == size && size < READ_BYTES_MAX) {
            buffer = ByteBuffer.allocate(READ_BYTES_MAX);
        } else if (count < READ_BYTES_MIN && size > READ_BYTES_MIN) {
            buffer = ByteBuffer.allocate(READ_BYTES_MIN);
        }
    }

    @Override
    public void write(BufferData data) {
        try {
            while (data.available() > 0) {
                byte[] bytes = new byte[Math.min(data.available(), WRITE_BYTES_MAX)];
                int count = data.read(bytes);
                ByteBuffer some = ByteBuffer.wrap(bytes, 0, count);
                while (some.hasRemaining()) {
                    channel.write(some);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void endOutput() {
        try {
            channel.shutdownOutput();
        } catch (IOException _) {
            // it is closed already, or was never open
        }
    }

    @Override
    public void close() {
        Listener.closeQuietly(channel);
    }

    @Override
    public void idle() {
        // only Helidon's client calls this
    }

    @Override
    public boolean isConnected() {
        return channel.isOpen();
    }

    @SuppressWarnings("removal")
    @Override
    public int read(BufferData into) {
        throw new UnsupportedOperationException("not used by the HTTP engine");
    }

    @Override
    public PeerInfo remotePeer() {
        return remote;
    }

    @Override
    public PeerInfo localPeer() {
        try {
            return channel.getLocalAddress() instanceof InetSocketAddress local ? new Peer(local) : remote;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public boolean isSecure() {
        return false;
    }

    @Override
    public String socketId() {
        return "http";
    }

    @Override
    public String childSocketId() {
        return name;
    }
}
