package dev.walcast.server.protocol;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.Position;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A position as clients know it: text of fixed length. Within an epoch the texts sort in the order of the changes.
public record FeedPosition(String epoch, Position position) {
    private static final Pattern TEXT =
            Pattern.compile("([0-9a-f]{" + FeedStart.EPOCH_LENGTH + "})-([0-9a-f]{16})-([0-9a-f]{8})", Pattern.DOTALL);

    public FeedPosition {
        requireNonNull(epoch, "epoch is null");
        requireNonNull(position, "position is null");
    }

    /// Parses a position. Empty when the text is none.
    public static Optional<FeedPosition> parse(String text) {
        Matcher parts = TEXT.matcher(text);
        return parts.matches()
                ? Optional.of(new FeedPosition(
                        parts.group(1),
                        new Position(
                                new Lsn(HexFormat.fromHexDigitsToLong(parts.group(2))),
                                HexFormat.fromHexDigitsToLong(parts.group(3)))))
                : Optional.empty();
    }

    @Override
    public String toString() {
        HexFormat hex = HexFormat.of();
        return epoch + "-" + hex.toHexDigits(position.commit().value()) + "-"
                + hex.toHexDigits((int) position.ordinal());
    }
}
