package dev.walcast.server.socket;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.socket.HelidonSocket;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;

/// An admitted upgrade request that was not answered yet.
///
/// @param subprotocol the agreed subprotocol; many clients ask for none
/// @param connection  notified of the result, before anything is read or answered
record Upgrade(
        String key,
        Optional<String> subprotocol,
        SocketAdmission.SocketOpener opener,
        DataReader input,
        UpgradeListener connection) {
    private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

    Upgrade {
        requireNonNull(key, "key is null");
        requireNonNull(subprotocol, "subprotocol is null");
        requireNonNull(opener, "opener is null");
        requireNonNull(input, "input is null");
        requireNonNull(connection, "connection is null");
    }

    void confirm(HelidonSocket socket) {
        String agreed = subprotocol
                .map(name -> "Sec-WebSocket-Protocol: " + name + "\r\n")
                .orElse("");
        String answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: " + accept() + "\r\n" + agreed + "\r\n";
        socket.write(BufferData.create(answer.getBytes(US_ASCII)));
    }

    /// Whether the text is a valid `Sec-WebSocket-Key`.
    static boolean isKey(String key) {
        try {
            return Base64.getDecoder().decode(key).length == 16;
        } catch (IllegalArgumentException _) {
            return false;
        }
    }

    private String accept() {
        try {
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            return Base64.getEncoder().encodeToString(sha1.digest((key + GUID).getBytes(US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
