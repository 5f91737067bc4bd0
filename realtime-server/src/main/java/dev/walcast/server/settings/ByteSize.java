package dev.walcast.server.settings;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// A number of bytes, written as `500`, `64KiB`, `32MiB` or `1GiB`.
public record ByteSize(long bytes) {
    private static final Pattern FORM = Pattern.compile("(\\d{1,12})(KiB|MiB|GiB|B)?");

    /// Parses a size from the command line.
    public static final class Converter implements ITypeConverter<ByteSize> {
        @Override
        public ByteSize convert(String text) {
            Matcher matcher = FORM.matcher(text.strip());
            if (!matcher.matches()) {
                throw new TypeConversionException("'" + text + "' is not a size such as 500, 64KiB, 32MiB or 1GiB");
            }
            String unit = matcher.group(2) == null ? "B" : matcher.group(2);
            int shift = "BKMG".indexOf(unit.charAt(0)) * 10;
            return new ByteSize(Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift));
        }
    }
}
