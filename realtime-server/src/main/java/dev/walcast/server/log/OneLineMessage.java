package dev.walcast.server.log;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;

/// Formats the message of an event on one line. Named in `logback.xml`, in place of `%msg`.
public final class OneLineMessage extends ClassicConverter {
    @Override
    public String convert(ILoggingEvent event) {
        return LogText.oneLine(String.valueOf(event.getFormattedMessage()));
    }
}
