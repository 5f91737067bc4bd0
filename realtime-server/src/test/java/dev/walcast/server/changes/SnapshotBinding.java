package dev.walcast.server.changes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.walcast.cdc.Change;
import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.server.changes.ModelTables.Item;
import dev.walcast.server.protocol.FeedPlace.Resumed;
import dev.walcast.server.protocol.FeedPosition;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// One binding of a model's client: its request, what it has received, and what it must receive. Guarded by its
/// session.
final class SnapshotBinding {
    private static final Comparator<Item> BY_N =
            Comparator.comparingLong(Item::n).reversed().thenComparing(Item::id);
    private static final String ORDER = "n.desc,id";

    private final Wish wish;

    // what it has received
    private @Nullable String place;
    private @Nullable String since;
    private @Nullable Integer moment;
    private boolean hasAllRows;
    private boolean isComplete;
    private boolean hasNamedPlace;
    private boolean mayResume;
    private final List<Item> rows = new ArrayList<>();
    private final List<Told> changes = new ArrayList<>();
    private int changesBefore;

    // results
    private int snapshots;
    private int replayed;
    private int resumed;
    private int reset;
    private int expired;
    private int renewed;
    private int unjoined;

    /// @param limit   of a snapshot in order; 0 is the whole table
    /// @param resumes whether it names the last place when it comes again
    record Wish(Table table, Filter filter, boolean snapshot, int limit, boolean membership, boolean resumes) {}

    enum Filter {
        ALL(null, _ -> true),
        GROUP("n=eq.1", item -> item.n() == 1),
        LOW("id=lt.6", item -> item.id() < 6),
        ASKED("v=match.(x|y)+", item -> item.id() % 2 == 0);

        private final @Nullable String text;
        private final Predicate<Item> meets;

        Filter(@Nullable String text, Predicate<Item> meets) {
            this.text = text;
            this.meets = meets;
        }
    }

    /// A change as it reaches a client.
    record Told(
            String position,
            String type,
            @Nullable Long old,
            @Nullable Item item) {
        static Told read(JsonNode data) {
            return new Told(
                    data.path("position").textValue(),
                    data.path("type").textValue(),
                    data.has("old_record") ? data.at("/old_record/id").longValue() : null,
                    data.has("record") ? itemOf(data.path("record")) : null);
        }
    }

    private static Item itemOf(JsonNode record) {
        return new Item(
                record.path("id").longValue(),
                record.path("n").longValue(),
                record.path("v").textValue());
    }

    SnapshotBinding(Wish wish) {
        this.wish = wish;
    }

    int snapshots() {
        return snapshots;
    }

    int replayed() {
        return replayed;
    }

    int resumed() {
        return resumed;
    }

    int reset() {
        return reset;
    }

    /// How many times it received `expired`.
    int expired() {
        return expired;
    }

    /// How often it got the rows because it could not resume.
    int renewed() {
        return renewed;
    }

    /// How often the rows could not be joined to the changes.
    int unjoined() {
        return unjoined;
    }

    // -- actions of the client

    /// The binding in the client's join.
    ObjectNode join() {
        mayResume = wish.resumes && isComplete && place != null;
        if (!mayResume) {
            beginAt(null);
        }
        hasNamedPlace = mayResume;
        changesBefore = changes.size();
        ObjectNode request = JsonNodeFactory.instance
                .objectNode()
                .put("event", "*")
                .put("schema", "public")
                .put("table", wish.table.id().name())
                .put("membership", wish.membership)
                .put("filter", wish.filter.text)
                .put("resume", mayResume ? place : null);
        if (wish.filter.text == null) {
            request.remove("filter");
        }
        if (wish.limit > 0) {
            request.putObject("snapshot").put("order", ORDER).put("limit", wish.limit);
        } else {
            request.put("snapshot", wish.snapshot);
        }
        return request;
    }

    private void beginAt(@Nullable String position) {
        place = position;
        since = position;
        moment = null;
        hasAllRows = false;
        isComplete = false;
        rows.clear();
        changes.clear();
        changesBefore = 0;
    }

    boolean hasToBeginAnew() {
        return !isComplete;
    }

    void onSnapshot(boolean first, boolean last, JsonNode chunk) {
        assertThat(wish.snapshot).as("%s asked for rows", wish).isTrue();
        int shown = Integer.parseInt(chunk.path("missing").fieldNames().next().substring("moment ".length()));
        if (first) {
            mayResume = false;
            beginAt(null);
            moment = shown;
        }
        assertThat(moment).as("of one moment").isEqualTo(shown);
        assertThat(hasAllRows).as("received all rows before this chunk").isFalse();
        chunk.path("rows").forEach(row -> rows.add(itemOf(row)));
        hasAllRows = last;
    }

    void onChange(Told told, boolean live) {
        assertThat(live ? isComplete || wish.snapshot : mayResume || hasAllRows)
                .as("%s: a position leads to %s", wish, told)
                .isTrue();
        if (!changes.isEmpty()) {
            assertThat(told.position).as("ascends").isGreaterThan(changes.getLast().position);
        }
        changes.add(told);
        if (isComplete) {
            place = told.position;
        }
    }

    void onLive(String position, Optional<Resumed> answer, boolean again) {
        if (answer.isEmpty()) {
            assertThat(again || (!wish.snapshot && !mayResume))
                    .as("%s is answered", wish)
                    .isTrue();
            if (!again) {
                beginAt(position);
                isComplete = true;
            } else if (isComplete && isLaterInTheSameEpoch(position)) {
                place = position;
            }
            return;
        }
        String reason = answer.get().reset().orElse("");
        expired += reason.equals("expired") ? 1 : 0;
        if (answer.get().rows().isPresent()) {
            assertThat(reason.isEmpty())
                    .as("names the reason why it does not resume")
                    .isNotEqualTo(hasNamedPlace);
            onComplete(position, answer.get());
        } else if (!reason.isEmpty()) {
            reset++;
            unjoined += wish.snapshot && !again ? 1 : 0;
            beginAt(position);
            isComplete = !wish.snapshot;
        } else {
            assertThat(mayResume).as("it may resume").isTrue();
            assertThat(answer.get().replayed()).as("replayed").isEqualTo(changes.size() - changesBefore);
            resumed++;
            replayed += changes.size() - changesBefore;
            place = position;
        }
    }

    private boolean isLaterInTheSameEpoch(String position) {
        return place != null
                && place.regionMatches(0, position, 0, FeedStart.EPOCH_LENGTH)
                && position.compareTo(place) > 0;
    }

    private void onComplete(String position, Resumed answer) {
        assertThat(hasAllRows).as("has its rows").isTrue();
        assertThat(answer.rows()).as("rows").hasValue(rows.size());
        assertThat(answer.replayed()).as("replayed").isEqualTo(changes.size());
        snapshots++;
        renewed += hasNamedPlace ? 1 : 0;
        replayed += changes.size();
        isComplete = true;
        since = position;
        place = position;
    }

    // -- requirements

    boolean isComplete(ModelTables tables, List<ScriptedSource.Scripted> log) {
        return isComplete && changes.size() >= expected(tables, log).size();
    }

    void check(String client, ModelTables tables, List<ScriptedSource.Scripted> log) {
        String what = client + ": " + wish + " of moment " + moment + " since " + since;
        assertThat(isComplete).as(what + " is complete").isTrue();
        if (moment != null) {
            List<Item> shown = shown(tables, tables.moment(moment).xids());
            assertThat(rows).as("rows of " + what).containsExactlyInAnyOrderElementsOf(shown);
            if (wish.limit > 0) {
                assertThat(rows).as("in order " + what).isEqualTo(shown);
            }
        }
        List<Told> expected = expected(tables, log);
        assertThat(changes).as("changes of " + what).isEqualTo(expected);
        if (moment != null) {
            checkTable(what, tables);
        }
    }

    private void checkTable(String what, ModelTables tables) {
        Map<Long, Item> held = new TreeMap<>();
        rows.forEach(item -> held.put(item.id(), item));
        for (Told told : changes) {
            if (told.old != null) {
                held.remove(told.old);
            }
            if (told.item != null) {
                held.put(told.item.id(), told.item);
            }
        }
        Map<Long, Item> table = tables.seen(wish.table, tables.shownNow()).stream()
                .filter(wish.filter.meets)
                .collect(Collectors.toMap(Item::id, item -> item, (some, _) -> some, TreeMap::new));
        boolean tellsWhatLeaves = wish.filter == Filter.ALL || wish.membership;
        if (tellsWhatLeaves && wish.limit == 0) {
            assertThat(held).as("table of " + what).isEqualTo(table);
        } else if (tellsWhatLeaves) {
            assertThat(new HashSet<>(table.values())).as("table of " + what).containsAll(held.values());
        } else if (wish.limit == 0) {
            assertThat(held).as("table of " + what).containsAllEntriesOf(table);
        }
    }

    private List<Item> shown(ModelTables tables, java.util.Set<Long> xids) {
        Stream<Item> seen = tables.seen(wish.table, xids).stream().filter(wish.filter.meets);
        return (wish.limit > 0 ? seen.sorted(BY_N).limit(wish.limit) : seen).toList();
    }

    /// The changes of transactions that its rows do not show, or, without rows, that follow the place where it
    /// began.
    private List<Told> expected(ModelTables tables, List<ScriptedSource.Scripted> log) {
        String begun = Objects.requireNonNull(since);
        String epoch = begun.substring(0, FeedStart.EPOCH_LENGTH);
        List<Told> expected = new ArrayList<>();
        for (ScriptedSource.Scripted transaction : log) {
            long xid = tables.xid(transaction.commit().lsn());
            if (moment == null || !tables.moment(moment).xids().contains(xid)) {
                for (Change change : transaction.changes()) {
                    String position = new FeedPosition(epoch, change.position()).toString();
                    if (moment != null || position.compareTo(begun) > 0) {
                        told(change, position).ifPresent(expected::add);
                    }
                }
            }
        }
        return expected;
    }

    private Optional<Told> told(Change change, String position) {
        if (!change.table().id().equals(wish.table.id())) {
            return Optional.empty();
        }
        Optional<Item> before = inView(
                switch (change) {
                    case Change.Update update -> update.oldRow();
                    case Change.Delete delete -> delete.oldRow();
                    default -> null;
                });
        Optional<Item> now = inView(
                switch (change) {
                    case Change.Insert insert -> insert.newRow();
                    case Change.Update update -> update.newRow();
                    default -> null;
                });
        if (change instanceof Change.Update(Table _, var _, var _, Row oldRow, Row _) && !wish.membership) {
            return now.map(item -> new Told(position, "UPDATE", ModelDatabase.id(oldRow), item));
        }
        if (before.isEmpty() && now.isEmpty()) {
            return Optional.empty();
        }
        String type = before.isEmpty() ? "INSERT" : now.isEmpty() ? "DELETE" : "UPDATE";
        return Optional.of(new Told(position, type, before.map(Item::id).orElse(null), now.orElse(null)));
    }

    private Optional<Item> inView(@Nullable Row row) {
        return Optional.ofNullable(row).map(Item::of).filter(wish.filter.meets);
    }
}
