package dev.walcast.server.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/// Records some of our events.
public final class FlightRecord implements AutoCloseable {
    private final Recording recording = new Recording();

    private FlightRecord() {}

    /// @param names of events that are to be switched on; what is off by default stays off without
    public static FlightRecord of(String... names) {
        FlightRecord record = new FlightRecord();
        for (String name : names) {
            record.recording.enable(name).withoutThreshold();
        }
        record.recording.start();
        return record;
    }

    /// All of ours so far; the recording ends.
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
