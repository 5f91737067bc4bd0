package dev.walcast.server.chaos;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.cdc.FeedStart;
import java.sql.SQLException;
import java.time.Duration;
import java.time.LocalTime;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// One binding of a client that keeps a copy of its rows, as docs/resume.md describes: it names its last position,
/// and reads the rows again after a reset. Belongs to its client's thread, except [#wrong].
final class ChaosBinding {
    private static final Duration READ_AGAIN_AFTER = Duration.ofMillis(200);
    private static final int HISTORY_MAX = 30;

    private final ChaosView view;
    private final String user;
    private final ChaosDatabase database;
    private final ChaosView.Ways ways;

    /// Events that must never happen. The first is followed by the events before it.
    final ConcurrentLinkedQueue<String> violations = new ConcurrentLinkedQueue<>();

    /// The last messages, for the report of a violation.
    private final ArrayDeque<String> history = new ArrayDeque<>();

    final Map<String, Integer> outcomes = new ConcurrentSkipListMap<>();
    long events;
    int replayed;

    /// By id, as text.
    private final Map<Long, String> rows = new HashMap<>();

    /// The versions of a steady view's rows: now, and when they were last read, up to which changes may come again.
    private final Map<Long, Long> version = new HashMap<>();

    private final Map<Long, Long> read = new HashMap<>();

    private @Nullable String position;
    private @Nullable String time;
    private volatile String epoch = "";

    /// Of a snapshot that is not complete yet: its rows so far, whether they are all, and its last change.
    private int taken;

    private boolean allTaken;
    private String meantime = "";

    ChaosBinding(ChaosView view, String user, ChaosDatabase database, ChaosView.Ways ways) {
        this.view = requireNonNull(view, "view is null");
        this.user = requireNonNull(user, "user is null");
        this.database = requireNonNull(database, "database is null");
        this.ways = requireNonNull(ways, "ways is null");
    }

    String epoch() {
        return epoch;
    }

    private void note(String message) {
        if (history.size() == HISTORY_MAX) {
            history.removeFirst();
        }
        history.add(LocalTime.now() + " " + message);
    }

    private void violation(String what) {
        boolean first = violations.isEmpty();
        violations.add(what);
        if (first) {
            violations.add(this + " " + ways + ": " + String.join("; ", history));
        }
    }

    String json() {
        String place = ways.byTime() && time != null ? time : position;
        note("joins from " + place);
        return view.binding(ways, place);
    }

    /// Whether a system message must report the result of this binding.
    boolean isToBeTold() {
        return position != null || ways.snapshot();
    }

    /// Takes a change in.
    void apply(JsonNode data) {
        String at = data.get("position").asText();
        note("change " + at);
        followTime(at);
        String last = position;
        if (last == null) {
            if (!ways.snapshot()) {
                return; // it came before the rows are read
            }
            if (!allTaken) {
                violation("a change came before its rows: " + at);
            }
            last = meantime;
        } else if (!at.startsWith(epoch)) {
            violation("a change of another epoch came untold: " + at + " after " + last);
        }
        if (at.compareTo(last) <= 0) {
            if (!ways.byTime() || position == null) {
                violation("out of order: " + at + " after " + last);
            }
            return;
        }
        if (position == null) {
            meantime = at;
        } else {
            position = at;
            time = data.get("commit_timestamp").asText();
        }
        events++;
        change(data);
    }

    /// A time leads into another epoch when the log still has everything since: the same places, with another name.
    private void followTime(String at) {
        if (ways.byTime() && time != null && position != null && !at.startsWith(epoch)) {
            String now = at.substring(0, FeedStart.EPOCH_LENGTH);
            position = now + position.substring(FeedStart.EPOCH_LENGTH);
            epoch = now;
        }
    }

    private void change(JsonNode data) {
        synchronized (rows) {
            if (data.get("type").asText().equals("DELETE")) {
                rows.remove(data.at("/old_record/id").asLong());
            } else {
                put(data.get("record"));
            }
        }
    }

    private void put(JsonNode row) {
        long id = row.get("id").asLong();
        rows.put(id, ChaosDatabase.text(row));
        if (view.steady()) {
            long n = row.get("n").asLong();
            Long before = version.put(id, n);
            boolean again = n <= read.getOrDefault(id, -1L);
            if (before != null && !again && n != before + 1) {
                violation("a version is missing or came twice: " + row + " after " + before);
            }
        }
    }

    /// Takes a message of its rows in. The first makes everything before of no account, and only
    /// `Subscribed to PostgreSQL` makes them complete.
    void take(JsonNode chunk) {
        note("rows, first " + chunk.get("first") + ", last " + chunk.get("last"));
        if (chunk.get("first").asBoolean()) {
            position = null;
            time = null;
            epoch = "";
            taken = 0;
            meantime = "";
            begin(Map.of());
        } else if (position != null || allTaken) {
            violation("rows came after the last: " + chunk);
        }
        allTaken = chunk.get("last").asBoolean();
        taken += chunk.get("rows").size();
        synchronized (rows) {
            for (JsonNode row : chunk.get("rows")) {
                if (rows.put(row.get("id").asLong(), ChaosDatabase.text(row)) != null) {
                    violation("a row came twice: " + row);
                }
                if (view.steady()) {
                    version.put(row.get("id").asLong(), row.get("n").asLong());
                }
            }
        }
    }

    /// Handles `Subscribed to PostgreSQL`.
    ///
    /// @param outcome empty when the binding named no position
    /// @return whether it has to join again for its rows
    boolean told(JsonNode system, Optional<JsonNode> outcome, BooleanSupplier over) {
        String status = outcome.map(one ->
                        one.get("status").asText() + " " + one.path("reason").asText())
                .orElse("live");
        note(status + " at " + system.get("position"));
        outcomes.merge(status.strip(), 1, Integer::sum);
        replayed += outcome.map(one -> one.get("replayed").asInt()).orElse(0);
        String head = system.get("position").asText();
        String now = head.substring(0, FeedStart.EPOCH_LENGTH);
        if (status.startsWith("resumed")) {
            followTime(head);
            if (!now.equals(epoch)) {
                violation("resumed across epochs: " + epoch + ", " + now);
            }
            if (head.compareTo(requireNonNull(position)) > 0) {
                position = head;
            }
            return false;
        }
        boolean complete = status.startsWith("snapshot");
        if (ways.snapshot() && !complete) {
            return true;
        }
        epoch = now;
        position = head;
        time = null;
        if (complete) {
            endSnapshot(head, outcome.orElseThrow());
        } else {
            readRows(over);
        }
        return false;
    }

    private void endSnapshot(String head, JsonNode outcome) {
        if (!ways.snapshot() || !allTaken || outcome.get("rows").asInt() != taken || head.compareTo(meantime) < 0) {
            violation("not the rows that came, " + taken + " and changes until " + meantime + ": " + head + " "
                    + outcome);
        }
        allTaken = false;
    }

    private void readRows(BooleanSupplier over) {
        while (!over.getAsBoolean()) {
            try {
                Map<Long, JsonNode> fresh = database.rows(user, view);
                begin(fresh);
                return;
            } catch (SQLException _) {
                LockSupport.parkNanos(READ_AGAIN_AFTER.toNanos());
            }
        }
    }

    private void begin(Map<Long, JsonNode> fresh) {
        synchronized (rows) {
            rows.clear();
            version.clear();
            fresh.forEach((id, row) -> {
                rows.put(id, ChaosDatabase.text(row));
                if (view.steady()) {
                    version.put(id, row.get("n").asLong());
                }
            });
            read.clear();
            read.putAll(version);
        }
    }

    /// How its copy of a row differs from what the user may see; for any thread.
    Optional<String> wrong(ChaosDatabase.Row row) {
        synchronized (rows) {
            return view.wrong(row.versions(), ways.membership(), rows.get(row.id()), user)
                    .map(what -> this + ", row " + row.id() + " " + what);
        }
    }

    ChaosView view() {
        return view;
    }

    @Override
    public String toString() {
        return view.table() + " " + view.filter() + " of " + user + " " + ways + " at " + position;
    }
}
