package dev.walcast.server.front;

import static java.util.Objects.requireNonNull;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataListener;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.LazyString;
import java.nio.charset.Charset;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Reads like Helidon's `DataReader`, but starts a new one whenever all bytes that arrived are read. Helidon's reader
/// links all arrays that it ever received. Once one of them is in the old generation, young collections keep all
/// arrays that follow it, so clients fill the heap until a full collection. For one thread.
final class UnchainedReader extends DataReader {
    private final Supplier<byte @Nullable []> source;
    private Consumer<DataReader> listening = _ -> {};
    private DataReader current;

    /// @param source blocks until there are bytes; returns null at the end
    @SuppressWarnings("removal") // Helidon offers a factory, which creates no subclass
    UnchainedReader(Supplier<byte @Nullable []> source) {
        super(source);
        this.source = requireNonNull(source, "source is null");
        this.current = DataReader.create(source);
    }

    /// The reader with the unread bytes.
    DataReader current() {
        if (current.available() == 0) {
            current = DataReader.create(source);
            listening.accept(current);
        }
        return current;
    }

    @Override
    public <T> void listener(DataListener<T> listener, T context) {
        listening = reader -> reader.listener(listener, context);
        listening.accept(current);
    }

    @Override
    public int available() {
        return current.available();
    }

    @Override
    public void pullData() {
        current().pullData();
    }

    @Override
    public void skip(int length) {
        current().skip(length);
    }

    @Override
    public void ensureAvailable() {
        current().ensureAvailable();
    }

    @Override
    public byte read() {
        return current().read();
    }

    @Override
    public byte lookup() {
        return current().lookup();
    }

    @Override
    public boolean startsWithNewLine() {
        return current().startsWithNewLine();
    }

    @Override
    public boolean startsWith(byte[] prefix) {
        return current().startsWith(prefix);
    }

    @Override
    public BufferData readBuffer() {
        return current().readBuffer();
    }

    @Override
    public BufferData readBuffer(int length) {
        return current().readBuffer(length);
    }

    @Override
    public BufferData getBuffer(int length) {
        return current().getBuffer(length);
    }

    @Override
    public LazyString readLazyString(Charset charset, int length) {
        return current().readLazyString(charset, length);
    }

    @Override
    public String readAsciiString(int length) {
        return current().readAsciiString(length);
    }

    @Override
    public byte[] readBytes(int length) {
        return current().readBytes(length);
    }

    @Override
    public String readLine() throws IncorrectNewLineException {
        return current().readLine();
    }

    @Override
    public int findOrNewLine(byte wanted, int max) throws IncorrectNewLineException {
        return current().findOrNewLine(wanted, max);
    }

    @Override
    public int findNewLine(int max) throws IncorrectNewLineException {
        return current().findNewLine(max);
    }

    @Override
    public String debugDataHex() {
        return current().debugDataHex();
    }
}
