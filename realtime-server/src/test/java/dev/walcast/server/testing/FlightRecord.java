package dev.walcast.server.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/// Records some of Walcast's JFR events.
public final class FlightRecord implements AutoCloseable {
    private final Recording recording = new Recording();

    private FlightRecord() {}

    /// @param names the events to enable
    public static FlightRecord of(String... names) {
        FlightRecord record = new FlightRecord();
        for (String name : names) {
            record.recording.enable(name).withoutThreshold();
        }
        record.recording.start();
        return record;
    }

    /// Ends the recording and returns all of Walcast's events.
    public List<RecordedEvent> events() throws IOException {
        Path file = Files.createTempFile("walcast", ".jfr");
        try {
            recording.stop();
            recording.dump(file);
            return RecordingFile.readAllEvents(file).stream()
                    .filter(event -> event.getEventType().getName().startsWith("walcast."))
                    .toList();
        } finally {
            Files.delete(file);
        }
    }

    @Override
    public void close() {
        recording.close();
    }
}
