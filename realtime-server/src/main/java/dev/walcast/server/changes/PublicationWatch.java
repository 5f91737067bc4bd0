package dev.walcast.server.changes;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.FeedStart;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.cdc.supervisor.Periodic;
import dev.walcast.cdc.supervisor.Supervisor;
import dev.walcast.rls.PgSnapshot;
import dev.walcast.rls.publication.PublicationReader;
import dev.walcast.rls.publication.PublicationReader.Kind;
import dev.walcast.rls.publication.PublicationReader.Member;
import dev.walcast.rls.publication.PublicationReader.Version;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out that the publication was altered, or that a table left it and came back: rows that were written meanwhile
/// are missing, and Postgres does not report it. The catalog is compared with what it was before, so a time between two
/// looks is found, too.
///
/// A transaction that wrote in the meantime may still be open. So the subscribers are told once more when the last
/// transaction has ended that was open when the change was found. [#begin] is called first; after it the methods belong
/// to one thread.
public final class PublicationWatch {
    private static final Logger log = LoggerFactory.getLogger(PublicationWatch.class);

    /// How long the first message waits for open transactions, so that mostly it is the only one.
    private static final Duration SETTLE_WITHIN = Duration.ofMillis(250);

    private static final Duration LOOK_AGAIN_AFTER = Duration.ofMillis(50);

    /// Members that were removed are remembered, as long as there are not too many.
    private static final int REMEMBERED_MAX = 200_000;

    private static final int NAMED_MAX = 5;

    private final PublicationReader reader;
    private final BiConsumer<Set<TableId>, Lsn> tell;
    private final Duration every;
    private final Map<Member, String> known = new HashMap<>();
    private final List<Open> open = new ArrayList<>();
    private String digest = "";

    /// @param found when not all that wrote meanwhile had ended
    private record Open(Set<Member> members, PgSnapshot found) {}

    /// @param tell  takes the tables whose rows may be missing, and a place of the log behind the change
    /// @param every how often to look
    public PublicationWatch(PublicationReader reader, BiConsumer<Set<TableId>, Lsn> tell, Duration every) {
        this.reader = requireNonNull(reader, "reader is null");
        this.tell = requireNonNull(tell, "tell is null");
        this.every = requireNonNull(every, "every is null");
    }

    /// Reads the publication as it is. To be called before the slot moves: it may still have to send what was written
    /// before a member was added, and then clients cannot resume across that.
    ///
    /// @param start where the feed goes on
    public void begin(FeedStart start) throws SQLException {
        digest = reader.digest();
        Map<Member, Version> members = reader.members();
        Set<Member> young = new HashSet<>();
        members.forEach((member, version) -> {
            known.put(member, version.version());
            if (version.young()) {
                young.add(member);
            }
        });
        if (start.continued() && !young.isEmpty()) {
            tell.accept(reader.tables(young), start.reach());
        }
    }

    /// Starts to look at regular intervals. The connections of the reader declare their waits.
    public void start(Supervisor supervisor) {
        new Periodic("watch-publication", every, _ -> tryToLook()).startWithPause(supervisor);
    }

    private void tryToLook() throws InterruptedException {
        try {
            look();
        } catch (SQLException e) {
            log.debug("The publication cannot be looked at: {}", e.getMessage());
        }
    }

    private void look() throws SQLException, InterruptedException {
        tellWhatHasEnded();
        String now = reader.digest();
        if (now.equals(digest)) {
            return;
        }
        Map<Member, Version> members = reader.members();
        Set<Member> changed = new HashSet<>();
        members.forEach((member, version) -> {
            String before = known.get(member);
            boolean isNew = before == null && member.kind() != Kind.NAME;
            if (!isNew && !version.version().equals(before)) {
                changed.add(member);
            }
        });
        if (!changed.isEmpty()) {
            tellOf(changed);
        }
        members.forEach((member, version) -> known.put(member, version.version()));
        if (known.size() > REMEMBERED_MAX) {
            known.keySet().retainAll(members.keySet());
        }
        digest = now;
    }

    private void tellOf(Set<Member> changed) throws SQLException, InterruptedException {
        PgSnapshot found = reader.snapshot();
        long deadline = System.nanoTime() + SETTLE_WITHIN.toNanos();
        boolean ended = hasEnded(found);
        while (!ended && System.nanoTime() - deadline < 0) {
            TimeUnit.NANOSECONDS.sleep(LOOK_AGAIN_AFTER.toNanos());
            ended = hasEnded(found);
        }
        if (!ended) {
            open.add(new Open(Set.copyOf(changed), found));
        }
        tell(changed);
    }

    private boolean hasEnded(PgSnapshot found) throws SQLException {
        return reader.snapshot().xmin() >= found.xmax();
    }

    private void tellWhatHasEnded() throws SQLException {
        for (Open one : List.copyOf(open)) {
            if (hasEnded(one.found)) {
                tell(one.members);
                open.remove(one);
            }
        }
    }

    private void tell(Set<Member> members) throws SQLException {
        Set<TableId> tables = reader.tables(members);
        if (!tables.isEmpty()) {
            log.warn(
                    "The publication was changed ({}{}): rows that were written meanwhile may be missing. Subscribers are"
                            + " told to read anew.",
                    members.stream().anyMatch(member -> member.kind() == Kind.PUBLICATION) ? "all its tables, " : "",
                    named(tables));
            tell.accept(tables, reader.mark());
        }
    }

    private static String named(Set<TableId> tables) {
        List<String> some =
                tables.stream().map(TableId::toString).sorted().limit(NAMED_MAX).toList();
        return tables.size() > NAMED_MAX ? some + " and " + (tables.size() - NAMED_MAX) + " more" : some.toString();
    }
}
