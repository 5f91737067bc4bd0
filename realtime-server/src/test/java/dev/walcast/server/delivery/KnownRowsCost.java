package dev.walcast.server.delivery;

import dev.walcast.cdc.Change;
import dev.walcast.cdc.Column;
import dev.walcast.cdc.Commit;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Position;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.rls.Viewer;
import dev.walcast.server.changes.ChangePath;
import dev.walcast.server.changes.ModelDatabase;
import dev.walcast.server.feed.ChangeReceiver;
import dev.walcast.server.feed.EncodedChange;
import dev.walcast.server.feed.SnapshotChunk;
import dev.walcast.server.limits.ClientKey;
import dev.walcast.server.protocol.FeedPlace;
import dev.walcast.server.rowkeys.KeyMemory;
import dev.walcast.server.rowkeys.RowKey;
import dev.walcast.server.rowkeys.RowKeys;
import dev.walcast.server.rowkeys.TouchedRow;
import dev.walcast.server.subscribe.LiveFeed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Measures what remembering rows adds to a change on the source's thread, and how much memory a row's key takes. Run
/// by hand; asserts nothing.
final class KnownRowsCost {
    private static final int ROUNDS = 8;
    private static final int BINDINGS = 10_000;
    private static final int ROWS_EACH = 100;
    private static final long BYTES_MAX = 512L << 20;

    private static final Table TABLE = new Table(
            new TableId("public", "todos"),
            List.of(
                    new Column("org", new PgType.Scalar(20, "int8", JsonForm.NUMBER), true),
                    new Column("item", new PgType.Scalar(25, "text", JsonForm.TEXT), true),
                    new Column("user_id", new PgType.Scalar(25, "text", JsonForm.TEXT), false)));

    /// So that nothing is optimized away.
    private static long found;

    private KnownRowsCost() {}

    /// Receives nothing: only its subscription is needed.
    private static final class Nothing implements ChangeReceiver {
        @Override
        public void onLive(List<String> warnings, Optional<FeedPlace> place) {}

        @Override
        public void onRefused(String message) {}

        @Override
        public void onTrouble(String message) {}

        @Override
        public void onChange(int[] ids, EncodedChange change) {}

        @Override
        public void onSnapshot(int id, SnapshotChunk chunk) {}

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public void awaitRoom() {}
    }

    public static void main(String[] arguments) {
        ModelDatabase database = new ModelDatabase(1);
        try (ChangePath path = database.path(database, database, database, ModelDatabase.ROOMY, System::nanoTime)) {
            measure((LiveFeed) path.feed());
        }
    }

    private static void measure(LiveFeed feed) {
        KnownRows none = new KnownRows(KeyMemory.of(BYTES_MAX), System::nanoTime);
        print("a change, no binding remembers rows", () -> pass(none, 1_000_000), 1_000_000);
        KnownRows known = new KnownRows(KeyMemory.of(BYTES_MAX), System::nanoTime);
        RowView view =
                new RowView(TABLE.id(), 1, "authenticated", Predicate.Constant.ALWAYS, Predicate.Constant.ALWAYS);
        ChangeSubscription subscription =
                new ChangeSubscription(List.of(), new Viewer("authenticated", "{}"), new Nothing(), feed);
        List<RowMemory> memories = new ArrayList<>();
        for (int i = 0; i < BINDINGS; i++) {
            memories.add(known.open(new KeyedBinding(subscription, i), ClientKey.ofAddress("10.0.0.1"), view));
        }
        long empty = known.bytes();
        long begun = System.nanoTime();
        for (int i = 0; i < BINDINGS * ROWS_EACH; i++) {
            Change.Delete change = delete(i);
            memories.get(i % BINDINGS).remember(List.of(requireKey(known, change)));
        }
        int keys = BINDINGS * ROWS_EACH;
        System.out.printf(
                Locale.ROOT,
                "%,d keys of %,d bindings: %.1f bytes each; %d ns to make and remember one%n",
                keys,
                BINDINGS,
                (known.bytes() - empty) / (double) keys,
                (System.nanoTime() - begun) / keys);
        print("a change, 10,000 bindings remember rows", () -> pass(known, 1_000_000), 1_000_000);
    }

    private static RowKey requireKey(KnownRows known, Change.Delete change) {
        RowKeys keys = known.passing(change);
        RowKey key = keys == null ? null : keys.of(change.oldRow());
        if (key == null) {
            throw new IllegalStateException("a row without a key");
        }
        return key;
    }

    private static void print(String what, Runnable work, int changes) {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < ROUNDS; i++) {
            long begun = System.nanoTime();
            work.run();
            best = Math.min(best, System.nanoTime() - begun);
        }
        System.out.printf(Locale.ROOT, "%s: %.0f ns%n", what, best / (double) changes);
    }

    /// The other work of the source's thread for each change.
    private static void pass(KnownRows known, int changes) {
        for (int i = 0; i < changes; i++) {
            Change change = CHANGES.get(i & (CHANGES.size() - 1));
            RowKeys keys = known.passing(change);
            if (keys != null && known.concerns(TABLE.id())) {
                TouchedRow.of(change, keys).forEach(key -> known.forEachKnowing(key, binding -> found++));
            }
        }
    }

    private static final List<Change.Delete> CHANGES = changes();

    private static List<Change.Delete> changes() {
        List<Change.Delete> changes = new ArrayList<>();
        for (int i = 0; i < 1 << 16; i++) {
            changes.add(delete(i * 13));
        }
        return changes;
    }

    private static Change.Delete delete(int number) {
        Row row = Row.of(TABLE).text(0, "1").text(1, Integer.toString(number)).build();
        return new Change.Delete(TABLE, new Position(new Lsn(1), 0), new Commit(new Lsn(1), 1, 0), row);
    }
}
