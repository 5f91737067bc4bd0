package dev.walcast.server.window;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.server.encode.FeedPosition;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;

/// Where a binding wants to go on, as its key `resume` says.
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

    record Unreadable() implements ResumeFrom {}

    /// A client that has received nothing yet sends null or an empty text.
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
