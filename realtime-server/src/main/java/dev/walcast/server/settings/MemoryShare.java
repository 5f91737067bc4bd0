package dev.walcast.server.settings;

import dev.walcast.cdc.HeapShares;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A part of the heap, written as `40%` or as a size such as `256MiB`.
public sealed interface MemoryShare {
    long bytes(HeapShares heap);

    record Percent(int percent) implements MemoryShare {
        @Override
        public long bytes(HeapShares heap) {
            return heap.clientBytes(percent);
        }
    }

    record Size(ByteSize size) implements MemoryShare {
        @Override
        public long bytes(HeapShares heap) {
            return size.bytes();
        }
    }

    final class Converter implements ITypeConverter<MemoryShare> {
        private static final Pattern PERCENT = Pattern.compile("(\\d{1,3})%");

        private final ByteSize.Converter sizes = new ByteSize.Converter();

        @Override
        public MemoryShare convert(String text) {
            Matcher percent = PERCENT.matcher(text.strip());
            if (percent.matches()) {
                return new Percent(Integer.parseInt(percent.group(1)));
            }
            try {
                return new Size(sizes.convert(text));
            } catch (TypeConversionException e) {
                throw new TypeConversionException(
                        "'" + text + "' is neither a percentage such as 40% nor a size such as 256MiB");
            }
        }
    }
}
