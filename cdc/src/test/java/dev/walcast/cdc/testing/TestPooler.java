package dev.walcast.cdc.testing;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Answers a startup packet with the texts of PgBouncer 1.18: it has no parameter `replication`, and gives each
/// client a process number of its own. All further packets are forwarded.
public final class TestPooler implements AutoCloseable {
    private static final int SSL_REQUEST = 80_877_103;
    private static final int GSS_REQUEST = 80_877_104;

    private final ServerSocket server;
    private final int target;
    private final boolean replicates;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();

    private TestPooler(int target, boolean replicates) {
        this.target = target;
        this.replicates = replicates;
        try {
            this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Thread.ofVirtual().start(this::accept);
    }

    /// @param replicates whether connections for replication are forwarded, as by PgBouncer since 1.23
    public static TestPooler start(TestPostgres postgres, boolean replicates) {
        return new TestPooler(postgres.port(), replicates);
    }

    public String url() {
        return "postgres://postgres:unchecked@127.0.0.1:" + server.getLocalPort() + "/postgres";
    }

    private void accept() {
        try {
            while (true) {
                Socket client = server.accept();
                sockets.add(client);
                Thread.ofVirtual().start(() -> serve(client));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(Socket client) {
        try (client;
                DataInputStream in = new DataInputStream(client.getInputStream());
                DataOutputStream out = new DataOutputStream(client.getOutputStream())) {
            byte[] startup = startup(in, out);
            if (!replicates && new String(startup, StandardCharsets.ISO_8859_1).contains("\0replication\0")) {
                refuse(out);
                return;
            }
            try (Socket upstream = new Socket(InetAddress.getLoopbackAddress(), target)) {
                sockets.add(upstream);
                DataOutputStream to = new DataOutputStream(upstream.getOutputStream());
                to.writeInt(startup.length + 4);
                to.write(startup);
                Thread.ofVirtual().start(() -> pump(client, upstream));
                answer(new DataInputStream(upstream.getInputStream()), out);
            }
        } catch (IOException _) {
            // One side is gone.
        }
    }

    /// Reads the first packet that is no request for encryption, without its length.
    private static byte[] startup(DataInputStream in, DataOutputStream out) throws IOException {
        while (true) {
            byte[] packet = new byte[in.readInt() - 4];
            in.readFully(packet);
            int code = java.nio.ByteBuffer.wrap(packet).getInt();
            if (code != SSL_REQUEST && code != GSS_REQUEST) {
                return packet;
            }
            out.write('N');
        }
    }

    private static void refuse(DataOutputStream out) throws IOException {
        byte[] fields =
                "SFATAL\0C08P01\0Munsupported startup parameter: replication\0\0".getBytes(StandardCharsets.UTF_8);
        out.write('E');
        out.writeInt(fields.length + 4);
        out.write(fields);
        out.flush();
    }

    private static void answer(DataInputStream from, DataOutputStream to) throws IOException {
        while (true) {
            byte type = from.readByte();
            byte[] body = new byte[from.readInt() - 4];
            from.readFully(body);
            if (type == 'K') {
                body[0] ^= 0x55;
            }
            to.write(type);
            to.writeInt(body.length + 4);
            to.write(body);
        }
    }

    private static void pump(Socket from, Socket to) {
        try {
            from.getInputStream().transferTo(to.getOutputStream());
            to.shutdownOutput();
        } catch (IOException _) {
            // One side is gone.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
