package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.protocol.FeedPosition;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/// Where a binding goes on, as its key `resume` says.
public sealed interface ResumeFrom {
    String KEY = "resume";

    /// Nothing was received yet: from now on.
    record Now() implements ResumeFrom {}

    /// After the change at this position.
    record After(FeedPosition position) implements ResumeFrom {
        public After {
            requireNonNull(position, "position is null");
        }
    }

    /// With the first change whose `commit_timestamp` is this: several may share it.
    record Since(long epochMillis) implements ResumeFrom {}

    /// Neither a position nor a time.
    record Unreadable() implements ResumeFrom {}

    /// A client that has received nothing yet sends null or an empty text.
    ///
    /// @param resume the value of the key, or a missing node
    static ResumeFrom read(JsonNode resume) {
        if (resume.isMissingNode()
                || resume.isNull()
                || (resume.isTextual() && resume.textValue().isEmpty())) {
            return new Now();
        }
        return resume.isTextual() ? of(resume.textValue()) : new Unreadable();
    }

    /// @param text of a position, or of a time
    static ResumeFrom of(String text) {
        return FeedPosition.parse(text).<ResumeFrom>map(After::new).orElseGet(() -> timestamp(text));
    }

    private static ResumeFrom timestamp(String text) {
        try {
            Instant time = OffsetDateTime.parse(text).toInstant().truncatedTo(ChronoUnit.MILLIS);
            return new Since(time.toEpochMilli());
        } catch (DateTimeParseException | ArithmeticException e) {
            return new Unreadable();
        }
    }
}
