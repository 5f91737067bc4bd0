package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.walcast.cdc.source.connection.DatabaseEncoding;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// Converts the values of a change to UTF-8, the only encoding that Debezium reads.
final class TupleConverter {
    private final ByteBuffer in;
    private final DatabaseEncoding encoding;
    private final String unreadable;
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    private TupleConverter(ByteBuffer in, DatabaseEncoding encoding, String unreadable) {
        this.in = in;
        this.encoding = encoding;
        this.unreadable = unreadable;
    }

    /// Converts a message.
    ///
    /// @param message    an INSERT, UPDATE or DELETE with its tag
    /// @param unreadable replaces a value that is no text
    /// @return the message itself when Postgres has converted it
    static ByteBuffer converted(ByteBuffer message, DatabaseEncoding encoding, String unreadable) {
        return encoding.isConvertedByPostgres()
                ? message
                : new TupleConverter(message.duplicate(), encoding, unreadable).converted();
    }

    private ByteBuffer converted() {
        out.write(in.get()); // the tag
        out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(in.getInt()).array());
        while (in.hasRemaining()) {
            out.write(in.get()); // the kind of the image
            image();
        }
        return ByteBuffer.wrap(out.toByteArray());
    }

    private void image() {
        short count = in.getShort();
        out.writeBytes(ByteBuffer.allocate(Short.BYTES).putShort(count).array());
        for (int i = 0; i < count; i++) {
            byte kind = in.get();
            out.write(kind);
            if (kind == 't') {
                value(in.getInt());
            }
        }
    }

    private void value(int length) {
        if (length < 0 || length > in.remaining()) {
            throw new IllegalStateException("a value of " + length + " bytes in a message of " + in.limit());
        }
        byte[] bytes = new byte[length];
        in.get(bytes);
        @Nullable String text = encoding.text(bytes, 0, length);
        byte[] converted = (text == null ? unreadable : text).getBytes(UTF_8);
        out.writeBytes(
                ByteBuffer.allocate(Integer.BYTES).putInt(converted.length).array());
        out.writeBytes(converted);
    }
}
