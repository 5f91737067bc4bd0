package dev.walcast.server.json;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

/// Creates parsers for clients' JSON. A Jackson factory keeps the keys it has read, up to 6,000 of 50,000 characters,
/// so each factory reads only a bounded number of bytes. Safe for any thread.
final class JsonParsers {
    private static final long BYTES_OF_A_FACTORY = 4L << 20;

    private final Supplier<JsonFactory> factories;
    private final long weightMax;
    private final AtomicLong bytesRead = new AtomicLong();
    private volatile JsonFactory factory;

    /// @param weightMax see [FairParser]
    JsonParsers(Supplier<JsonFactory> factories, long weightMax) {
        this.factories = requireNonNull(factories, "factories is null");
        this.weightMax = weightMax;
        this.factory = factories.get();
    }

    JsonParser parser(byte[] utf8, int offset, int length) throws IOException {
        if (bytesRead.addAndGet(length) > BYTES_OF_A_FACTORY) {
            bytesRead.set(0);
            factory = factories.get();
        }
        return new FairParser(factory.createParser(utf8, offset, length), weightMax);
    }
}
