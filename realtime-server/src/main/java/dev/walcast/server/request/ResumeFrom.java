package dev.walcast.server.request;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.protocol.FeedPosition;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/// Where a binding asks to continue, from its key `resume`.
public sealed interface ResumeFrom {
    String KEY = "resume";

    /// The client has received nothing yet: begins with the next change.
    record Now() implements ResumeFrom {}

    /// Continues after the change at this position.
    record After(FeedPosition position) implements ResumeFrom {
        public After {
            requireNonNull(position, "position is null");
        }
    }

    /// Continues with the first change whose `commit_timestamp` is this; several changes may share it.
    record Since(long epochMillis) implements ResumeFrom {}

    /// Neither a position nor a time.
    record Unreadable() implements ResumeFrom {}

    /// Reads the key `resume`. A client that has received nothing yet sends null or an empty text.
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
