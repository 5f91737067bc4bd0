package dev.walcast.server.rights;

import com.fasterxml.jackson.databind.JsonNode;
import dev.walcast.server.rights.JudgedLog.Logged;
import dev.walcast.server.rights.JudgedLog.Timed;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Compares what one subscription received with what Postgres allowed.
final class DeliveryJudge {
    private final JudgedLog log;
    private final Subscription subscription;
    private final List<Finding> findings = new ArrayList<>();
    private final List<Channel> channels = new ArrayList<>();

    /// Those that the server may take the client for: the last, and the one before until the server knows the last.
    private final Map<Integer, TestViewer> viewers = new HashMap<>();

    private final Set<TestViewer> formerViewers = new LinkedHashSet<>();

    private int newestToken;
    private boolean isBurst;
    private int judged;
    private int owed;

    /// What one binding received, and from which transaction on it must receive everything.
    private static final class Channel {
        private final Set<Integer> versions = new HashSet<>();
        private final Set<Integer> ids = new HashSet<>();
        private String position = "";
        private int newest = -1;
        private Optional<Obligation> open = Optional.empty();
    }

    /// @param after    the last transaction that it may lack
    /// @param from     changes committed earlier may be missing
    /// @param withRows whether rows of earlier transactions had to be in the snapshot
    private record Obligation(TestViewer viewer, int after, long from, boolean withRows) {}

    private DeliveryJudge(JudgedLog log, Subscription subscription) {
        this.log = log;
        this.subscription = subscription;
        viewers.put(0, subscription.viewer());
        subscription.wishes().forEach(_ -> channels.add(new Channel()));
    }

    static DeliveryJudge judge(JudgedLog log, Subscription subscription) {
        DeliveryJudge judge = new DeliveryJudge(log, subscription);
        boolean isFirst = true;
        for (ClientEvent told : subscription.told()) {
            switch (told) {
                case ClientEvent.Changed changed -> judge.changed(changed);
                case ClientEvent.Rows rows -> judge.rows(rows);
                case ClientEvent.Live live -> {
                    judge.live(live, isFirst);
                    isFirst = false;
                }
                case ClientEvent.Trouble trouble -> judge.trouble(trouble);
                case ClientEvent.TokenPushed pushed -> judge.pushed(pushed.viewer(), pushed.number());
                case ClientEvent.Fence fence -> judge.viewers.keySet().removeIf(known -> known < fence.number());
            }
        }
        for (int binding = 0; binding < judge.channels.size(); binding++) {
            judge.close(binding, subscription.isLiveAtEnd());
        }
        return judge;
    }

    List<Finding> findings() {
        return findings;
    }

    /// How many rows were judged.
    int judged() {
        return judged;
    }

    /// How many rows had to come, once for each binding.
    int owed() {
        return owed;
    }

    // -- received changes

    private void changed(ClientEvent.Changed changed) {
        JsonNode data = changed.data();
        String type = data.path("type").asText();
        for (int binding : changed.bindings()) {
            Channel channel = channels.get(binding);
            String position = data.path("position").asText();
            int order = position.compareTo(channel.position);
            if (order <= 0) {
                find(order == 0 ? Finding.Kind.DUPLICATE : Finding.Kind.WRONG, "position", data, changed.at(), "");
            }
            channel.position = position;
        }
        if (type.equals("DELETE")) {
            deleted(changed, data.path("old_record"));
        } else {
            version(changed, data.path("record"), "record");
            if (data.path("old_record").size() > 1) {
                version(changed, data.path("old_record"), "old_record");
            }
        }
    }

    private void version(ClientEvent.Changed changed, JsonNode record, String what) {
        Optional<RowImage> image = log.image(record.path("img").asInt());
        if (image.isEmpty() && record.isEmpty() && isInexact(changed.data())) {
            nameless(changed);
            return;
        }
        if (image.isEmpty()) {
            find(Finding.Kind.WRONG, "unknown row", changed.data(), changed.at(), "");
            return;
        }
        int commit = what.equals("record") ? log.commit(image.get()) : log.commitAt(position(changed));
        check(image.get(), record, commit, changed.at(), what + " of " + changed.data());
        if (what.equals("record")) {
            for (int binding : changed.bindings()) {
                Channel channel = channels.get(binding);
                channel.ids.add(image.get().id());
                channel.newest = Math.max(channel.newest, commit);
                if (!channel.versions.add(image.get().img())) {
                    find(Finding.Kind.DUPLICATE, "version", changed.data(), changed.at(), "");
                }
                if (!subscription.wishes().get(binding).isMetBy(image.get())) {
                    find(Finding.Kind.WRONG, "filter", changed.data(), changed.at(), "");
                }
            }
        }
    }

    private static boolean isInexact(JsonNode data) {
        return data.path("missing").path("img").asText().equals("not_exact");
    }

    /// A row without any value, because no column certainly belongs to today's definition. It may be any row of its
    /// transaction and table.
    private void nameless(ClientEvent.Changed changed) {
        int commit = log.commitAt(position(changed));
        String table = changed.data().path("table").asText();
        for (Logged logged : log.changes()) {
            if (logged.commit() == commit && logged.image().table().equals(table)) {
                for (int binding : changed.bindings()) {
                    channels.get(binding).versions.add(logged.image().img());
                    channels.get(binding).newest = Math.max(channels.get(binding).newest, commit);
                }
            }
        }
    }

    /// A client that received the row on this subscription may receive its key.
    private void deleted(ClientEvent.Changed changed, JsonNode key) {
        Optional<RowImage> image = log.deleted(key.path("id").asInt());
        if (image.isEmpty()) {
            find(Finding.Kind.WRONG, "unknown row", changed.data(), changed.at(), "");
            return;
        }
        boolean isKnown = changed.bindings().stream()
                .allMatch(binding ->
                        channels.get(binding).ids.contains(image.get().id()));
        if (key.size() > 1 || !isKnown) {
            check(image.get(), key, log.commitAt(position(changed)), changed.at(), "DELETE " + changed.data());
        }
    }

    private static String position(ClientEvent.Changed changed) {
        return changed.data().path("position").asText();
    }

    private void rows(ClientEvent.Rows rows) {
        Channel channel = channels.get(rows.binding());
        for (JsonNode row : rows.rows()) {
            Optional<RowImage> image = log.image(row.path("img").asInt());
            if (image.isEmpty()) {
                find(Finding.Kind.WRONG, "unknown row", row, rows.at(), "");
            } else {
                check(image.get(), row, log.commit(image.get()), rows.at(), "snapshot row " + row);
                channel.versions.add(image.get().img());
                channel.ids.add(image.get().id());
            }
        }
    }

    private void check(RowImage image, JsonNode record, int commit, long received, String what) {
        judged++;
        Set<String> columns = new LinkedHashSet<>();
        record.fieldNames().forEachRemaining(columns::add);
        for (String column : columns) {
            if (!record.get(column).asText().equals(image.values().get(column))) {
                find(Finding.Kind.WRONG, "value of " + column, record, received, image.toString());
            }
        }
        if (viewers.values().stream().noneMatch(viewer -> log.mayReceive(viewer, image, columns, commit, received))) {
            leak(image, columns, commit, received, what);
        }
    }

    private void leak(RowImage image, Set<String> columns, int commit, long received, String what) {
        Optional<Timed> taken = viewers.values().stream()
                .flatMap(viewer -> log.takenBy(viewer, image, columns, commit).stream())
                .findFirst()
                .or(() -> log.createdBy(image.table(), commit));
        String cause = cause(taken, columns, image, commit, received);
        String since = taken.map(one -> "\n    hidden by " + one.operation() + " "
                        + JudgedLog.millis(log.committing(commit) - one.committed()) + " before the row was committed")
                .orElse("\n    no earlier state showed it to the viewer");
        findings.add(new Finding(
                Finding.Kind.LEAK,
                cause,
                what + "\n    to " + subscription + biography(log.committing(commit)) + "\n    taken for " + viewers
                        + ", received "
                        + JudgedLog.millis(received - log.committing(commit)) + " after its commit, " + columns + " of "
                        + image + since + log.story(image.table(), commit, received)));
    }

    private String cause(Optional<Timed> taken, Set<String> columns, RowImage image, int commit, long received) {
        if (formerViewers.stream().anyMatch(former -> log.mayReceive(former, image, columns, commit, received))) {
            return "a former token's";
        }
        if (log.isOfDroppedTable(image, received)) {
            return "a dropped table's row";
        }
        boolean isColumn = log.mayReceive(viewers.get(newestToken), image, Set.of("id"), commit, received);
        return (isColumn ? "column, " : "")
                + taken.map(one -> one.operation().label() + age(log.committing(commit) - one.committed()))
                        .orElse("never visible");
    }

    /// The events of the subscription other than rows, by their time since a commit.
    private String biography(long committing) {
        StringBuilder biography = new StringBuilder("\n    ");
        for (ClientEvent told : subscription.told()) {
            String what = switch (told) {
                case ClientEvent.Live live -> "live " + live.outcomes().values();
                case ClientEvent.Trouble trouble -> "trouble " + trouble.bindings() + " " + trouble.text();
                case ClientEvent.TokenPushed pushed -> "token " + pushed.number() + " of " + pushed.viewer();
                case ClientEvent.Fence fence -> "token " + fence.number() + " was read";
                case ClientEvent.Changed changed -> "";
                case ClientEvent.Rows rows -> "";
            };
            if (!what.isEmpty()) {
                biography
                        .append(JudgedLog.millis(told.at() - committing))
                        .append(' ')
                        .append(what)
                        .append("; ");
            }
        }
        return biography.toString();
    }

    private static String age(long nanos) {
        return nanos > 2_000_000_000L ? " over 2 s ago" : "";
    }

    private void find(Finding.Kind kind, String cause, JsonNode data, long at, String more) {
        findings.add(new Finding(kind, cause, data + " " + more + "\n    to " + subscription));
    }

    // -- required changes

    private void live(ClientEvent.Live live, boolean isFirst) {
        if (isBurst) {
            return;
        }
        TestViewer viewer = viewers.get(newestToken);
        for (int binding = 0; binding < channels.size(); binding++) {
            Channel channel = channels.get(binding);
            if (channel.open.isEmpty()) {
                boolean withRows = "snapshot".equals(live.outcomes().get(binding));
                channel.open = Optional.of(
                        isFirst
                                ? new Obligation(viewer, firstPlace(binding, live), Long.MIN_VALUE, withRows)
                                : new Obligation(viewer, -1, live.at(), false));
            }
        }
    }

    private int firstPlace(int binding, ClientEvent.Live live) {
        Optional<String> resume = subscription.wishes().get(binding).resume();
        boolean isResumed = "resumed".equals(live.outcomes().get(binding));
        return log.commitAt(isResumed ? resume.orElseThrow() : live.position());
    }

    private void trouble(ClientEvent.Trouble trouble) {
        for (int binding = 0; binding < channels.size(); binding++) {
            if (trouble.bindings().isEmpty() || trouble.bindings().contains(binding)) {
                close(binding, false);
            }
        }
    }

    private void pushed(TestViewer viewer, int number) {
        for (int binding = 0; binding < channels.size(); binding++) {
            close(binding, false);
        }
        isBurst |= viewers.size() > 1;
        formerViewers.addAll(viewers.values());
        viewers.put(number, viewer);
        newestToken = number;
    }

    /// Changes come in order: when a later one came, earlier ones had to.
    ///
    /// @param isAtEnd whether everything had time to come
    private void close(int binding, boolean isAtEnd) {
        Channel channel = channels.get(binding);
        channel.open.ifPresent(open -> {
            for (Logged logged : log.changes()) {
                boolean isInSnapshot = open.withRows() && logged.commit() <= open.after() && log.isLast(logged.image());
                boolean isChange = logged.commit() > open.after()
                        && (open.from() == Long.MIN_VALUE || logged.committing() - open.from() > 0)
                        && (isAtEnd || logged.commit() < channel.newest);
                if (isInSnapshot || isChange) {
                    mustHave(binding, open, logged);
                }
            }
        });
        channel.open = Optional.empty();
    }

    private void mustHave(int binding, Obligation open, Logged logged) {
        RowImage image = logged.image();
        if (logged.change().image().isEmpty()
                || !subscription.wishes().get(binding).isMetBy(image)
                || !log.mustReceive(open.viewer(), image, Set.of("id", "img", "room"), logged.commit())) {
            return;
        }
        owed++;
        if (!channels.get(binding).versions.contains(image.img())) {
            findings.add(new Finding(
                    Finding.Kind.LOSS,
                    logged.change().type(),
                    open.viewer() + ", binding " + binding + " missed " + image + ", committed as transaction "
                            + logged.commit()
                            + "; it was to receive those after " + open.after() + " and did until "
                            + channels.get(binding).newest + "\n    " + subscription
                            + biography(logged.committing())
                            + log.story(image.table(), logged.commit(), logged.committing() + 1_000_000_000L)));
        }
    }
}
