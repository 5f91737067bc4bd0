package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.encode.FeedPosition;
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

    record Unreadable() implements ResumeFrom {}

    /// Reads the key `resume`. A client that has received nothing yet sends null or an empty text.
    static ResumeFrom read(ObjectNode request) {
        JsonNode resume = request.path(KEY);
        if (resume.isMissingNode()
                || resume.isNull()
                || (resume.isTextual() && resume.textValue().isEmpty())) {
            return new Now();
        }
        if (!resume.isTextual()) {
            return new Unreadable();
        }
        return FeedPosition.parse(resume.textValue())
                .<ResumeFrom>map(After::new)
                .orElseGet(() -> timestamp(resume.textValue()));
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
