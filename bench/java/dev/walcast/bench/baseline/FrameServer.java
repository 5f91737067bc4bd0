package dev.walcast.bench.baseline;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Accepts WebSockets and writes the same bytes to all of them; nothing else. One thread runs it.
final class FrameServer {
    private final Selector selector = Selector.open();
    private final ServerSocketChannel server = ServerSocketChannel.open();
    private final ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
    private final List<Peer> peers = new ArrayList<>();
    private final Received received;

    /// Receives what a client has sent.
    interface Received {
        void message(Peer from, byte[] payload) throws IOException;
    }

    FrameServer(Received received) throws IOException {
        this.received = received;
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
        server.configureBlocking(false);
        server.register(selector, SelectionKey.OP_ACCEPT);
    }

    int port() {
        return server.socket().getLocalPort();
    }

    void wakeUp() {
        selector.wakeup();
    }

    /// Reads what has arrived, and waits for the first byte.
    void turn(long waitMillis) throws IOException {
        selector.select(waitMillis);
        Set<SelectionKey> selected = selector.selectedKeys();
        for (SelectionKey key : selected) {
            if (key.isAcceptable()) {
                accept();
            } else if (key.isValid()) {
                serve(key, (Peer) key.attachment());
            }
        }
        selected.clear();
    }

    private void accept() throws IOException {
        for (SocketChannel channel = server.accept(); channel != null; channel = server.accept()) {
            channel.configureBlocking(false);
            channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
            Peer peer = new Peer(channel, channel.register(selector, SelectionKey.OP_READ));
            peer.attach();
            peers.add(peer);
        }
    }

    private void serve(SelectionKey key, Peer peer) {
        try {
            if (key.isReadable() && !peer.read(buffer, received)) {
                peers.remove(peer);
            } else if (key.isValid() && key.isWritable()) {
                peer.writePending();
            }
        } catch (IOException e) {
            peers.remove(peer);
            peer.close();
        }
    }

    /// Sends to all connected clients except one.
    void broadcast(byte[] frames, Peer from) {
        for (Peer peer : peers) {
            if (peer != from && peer.isOpen()) {
                peer.write(frames);
            }
        }
    }

    /// Sends to all connected clients.
    void broadcast(byte[] frames) {
        for (Peer peer : peers) {
            if (peer.isOpen()) {
                peer.write(frames);
            }
        }
    }
}
