package dev.walcast.server.rowkeys;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Column;
import dev.walcast.cdc.JsonForm;
import dev.walcast.cdc.MissingReason;
import dev.walcast.cdc.PgType;
import dev.walcast.cdc.Row;
import dev.walcast.cdc.Table;
import dev.walcast.cdc.TableId;
import dev.walcast.filters.index.ChangeEvent;
import dev.walcast.filters.predicate.Predicate;
import dev.walcast.filters.predicate.RowQuestion;
import dev.walcast.filters.predicate.RowTest;
import dev.walcast.server.limits.ClientKey;
import java.lang.management.ManagementFactory;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class KnownKeysTest {
    private static final long ROOMY = 64 << 20;
    private static final PgType TEXT = new PgType.Scalar(25, "text", JsonForm.TEXT);
    private static final TableId TODOS = new TableId("public", "todos");

    private final AtomicLong nanos = new AtomicLong();
    private KnownKeys<String> known = known(ROOMY);

    @Test
    void rowIsKnownToItsHolderUntilForgotten() {
        KeyHolder<String> holder = holder("mine");
        KeyHolder<String> other = holder("other");
        RowKey key = key(1);
        assertThat(holder.knows(key)).isFalse();
        holder.remember(key);
        holder.remember(key(1));
        assertThat(holder.knows(key(1))).isTrue();
        assertThat(holder.keys()).isOne();
        assertThat(other.knows(key)).isFalse();
        assertThat(other.forget(key)).isFalse();
        assertThat(holder.forget(key)).isTrue();
        assertThat(holder.knows(key)).isFalse();
        assertThat(holder.forget(key)).isFalse();
    }

    @Test
    void changedKeyMoves() {
        KeyHolder<String> holder = holder("mine");
        holder.remember(key(1));
        holder.move(key(1), key(2));
        assertThat(holder.knows(key(1))).isFalse();
        assertThat(holder.knows(key(2))).isTrue();
        holder.move(key(2), key(2));
        assertThat(holder.keys()).isOne();
    }

    @Test
    void clearedHolderKnowsNothing() {
        KeyHolder<String> holder = holder("mine");
        KeyHolder<String> other = holder("other");
        holder.remember(key(1));
        other.remember(key(1));
        holder.clear();
        assertThat(holder.knows(key(1))).isFalse();
        assertThat(other.knows(key(1))).isTrue();
        assertThat(knowing(key(1))).containsExactly("other");
        holder.remember(key(2));
        assertThat(holder.knows(key(1))).isFalse();
        assertThat(holder.knows(key(2))).isTrue();
    }

    /// Earlier keys of the table are invalid, also for rows that are remembered later.
    @Test
    void forgottenTableIsUnknownToAllHolders() {
        KeyHolder<String> holder = holder("mine");
        RowKey before = key(1);
        RowKey elsewhere = key(table("other"), 1);
        holder.remember(before);
        holder.remember(elsewhere);
        known.forgetTable(TODOS);
        assertThat(holder.knows(before)).isFalse();
        assertThat(holder.knows(key(1))).isFalse();
        assertThat(knowing(before)).isEmpty();
        holder.remember(before);
        assertThat(holder.knows(before)).isFalse();
        assertThat(holder.knows(elsewhere)).isTrue();
        holder.remember(key(1));
        assertThat(holder.knows(key(1))).isTrue();
    }

    @Test
    void forgottenTablesTakeNoMemory() {
        KeyHolder<String> holder = holder("mine");
        RowKey before = key(1);
        holder.remember(before);
        known.forgetTable(TODOS);
        for (int i = 0; i < 25_000; i++) {
            known.forgetTable(new TableId("public", "t" + i));
        }
        assertThat(holder.knows(before)).isFalse();
        assertThat(holder.knows(key(1))).isFalse();
    }

    @Test
    void keyDependsOnTableColumnAndValue() {
        Set<RowKey> keys = new HashSet<>();
        for (String table : List.of("t", "tt")) {
            for (List<String> values : List.of(List.of("a", "b"), List.of("ab", ""), List.of("", "ab"))) {
                keys.add(key(table(table, "x", "y"), values));
                keys.add(key(table(table, "y", "x"), values));
            }
        }
        assertThat(keys).hasSize(12).doesNotContainNull();
        Table shaped = table("t", "x", "y");
        assertThat(key(shaped, List.of("a", "b"))).isEqualTo(key(shaped.renewed(), List.of("a", "b")));
    }

    @Test
    void rowWithoutWholeIdentityHasNoKey() {
        Table keyless = new Table(TODOS, List.of(new Column("v", TEXT, false)));
        RowKeys keys = known.keysOf(TODOS);
        assertThat(keys.of(Row.of(keyless).text(0, "1").build())).isNull();
        assertThat(keys.of(Row.of(table("todos")).build())).isNull();
        Row missing =
                Row.of(table("todos")).missing(0, MissingReason.NOT_IN_IDENTITY).build();
        assertThat(keys.of(missing)).isNull();
        KeyHolder<String> holder = holder("mine");
        holder.remember(null);
        holder.move(null, null);
        assertThat(holder.knows(null)).isFalse();
        assertThat(holder.forget(null)).isFalse();
    }

    /// A DELETE carries the identity only.
    @Test
    void deletedRowHasTheKeyOfWholeRow() {
        Table table = new Table(TODOS, List.of(new Column("id", TEXT, true), new Column("v", TEXT, false)));
        Row whole = Row.of(table).text(0, "1").text(1, "x").build();
        RowKeys keys = known.keysOf(TODOS);
        assertThat(keys.of(whole.identityOnly())).isNotNull().isEqualTo(keys.of(whole));
    }

    @Test
    void processesHaveDifferentKeys() {
        assertThat(known(ROOMY).keysOf(TODOS).of(row(table("todos"), List.of("1"))))
                .isNotEqualTo(key(1));
    }

    @Test
    void zeroMemoryTurnsItOff() {
        known = known(0);
        KeyHolder<String> holder = holder("mine");
        holder.remember(key(1));
        assertThat(known.isOn()).isFalse();
        assertThat(holder.knows(key(1))).isFalse();
        assertThat(holder.forget(key(1))).isFalse();
        assertThat(knowing(key(1))).isEmpty();
        assertThat(known.bytes()).isZero();
    }

    @Test
    void leastRecentlyUsedForgetFirst() {
        known = known(256 << 10);
        List<KeyHolder<String>> holders = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            nanos.incrementAndGet();
            KeyHolder<String> holder = holder("h" + i);
            holders.add(holder);
            for (int row = 0; row < 300; row++) {
                holder.remember(key(1000 * i + row));
            }
        }
        nanos.incrementAndGet();
        assertThat(known.evictions()).isZero();
        holders.getFirst().knows(key(0));
        KeyHolder<String> latest = holder("latest");
        for (int row = 0; known.evictions() == 0; row++) {
            latest.remember(key(1_000_000 + row));
        }
        assertThat(holders.getFirst().keys()).isEqualTo(300);
        assertThat(holders.get(1).keys()).isZero();
        assertThat(holders.get(1).knows(key(1000))).isFalse();
        assertThat(holders.getLast().keys()).isEqualTo(300);
        assertThat(latest.keys()).isPositive();
    }

    @Test
    void randomOperationsAgreeWithModel() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        List<KeyHolder<String>> holders = new ArrayList<>();
        Map<String, Set<Integer>> model = new HashMap<>();
        for (int i = 0; i < 40; i++) {
            holders.add(holder("h" + i));
            model.put("h" + i, new HashSet<>());
        }
        for (int step = 0; step < 200_000; step++) {
            KeyHolder<String> holder = holders.get(random.nextInt(holders.size()));
            Set<Integer> rows = model.get(holder.binding());
            int row = random.nextInt(random.nextInt(4) == 0 ? 5 : 3_000);
            String what = "seed " + seed + " step " + step;
            switch (random.nextInt(40)) {
                case 0 -> {
                    if (random.nextInt(20) == 0) {
                        holder.clear();
                        rows.clear();
                    }
                }
                case 1 -> {
                    if (random.nextInt(500) == 0) {
                        known.forgetTable(TODOS);
                        model.values().forEach(Set::clear);
                    }
                }
                case 2, 3, 4 -> {
                    int to = random.nextInt(3_000);
                    holder.move(key(row), key(to));
                    rows.remove(row);
                    rows.add(to);
                }
                case 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 ->
                    assertThat(holder.forget(key(row))).as(what).isEqualTo(rows.remove(row));
                case 15, 16, 17, 18, 19 ->
                    assertThat(holder.knows(key(row))).as(what).isEqualTo(rows.contains(row));
                case 20 ->
                    assertThat(knowing(key(row)))
                            .as(what)
                            .containsExactlyInAnyOrderElementsOf(model.entrySet().stream()
                                    .filter(entry -> entry.getValue().contains(row))
                                    .map(Map.Entry::getKey)
                                    .toList());
                default -> {
                    holder.remember(key(row));
                    rows.add(row);
                }
            }
        }
        for (KeyHolder<String> holder : holders) {
            for (int row = 0; row < 3_000; row++) {
                assertThat(holder.knows(key(row)))
                        .as("seed " + seed)
                        .isEqualTo(model.get(holder.binding()).contains(row));
            }
        }
    }

    /// Rows of one viewer, and rows that all viewers know.
    @Test
    void memoryStaysWithinBound() {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        long bytesMax = 512 << 10;
        known = known(bytesMax);
        List<KeyHolder<String>> holders = new ArrayList<>();
        Map<String, Set<Integer>> model = new HashMap<>();
        for (int step = 0; step < 400_000; step++) {
            nanos.incrementAndGet();
            if (holders.size() < 300 && step % 50 == 0) {
                holders.add(holder("h" + holders.size()));
                model.put("h" + (holders.size() - 1), new HashSet<>());
            }
            KeyHolder<String> holder = holders.get(random.nextInt(holders.size()));
            Set<Integer> rows = model.get(holder.binding());
            int row = random.nextBoolean() ? random.nextInt(100) : random.nextInt(1_000_000);
            if (random.nextInt(3) == 0) {
                assertThat(!holder.knows(key(row)) || rows.contains(row))
                        .as("seed " + seed)
                        .isTrue();
                holder.forget(key(row));
                rows.remove(row);
            } else {
                holder.remember(key(row));
                assertThat(holder.knows(key(row)))
                        .as("seed %s step %s", seed, step)
                        .isTrue();
                rows.add(row);
            }
            assertThat(known.bytes() - (long) KeyHolder.BYTES * holders.size()).isLessThanOrEqualTo(bytesMax);
        }
        assertThat(known.evictions()).isPositive();
        int keys = holders.stream().mapToInt(KeyHolder::keys).sum();
        assertThat(keys).isGreaterThan(5_000);
    }

    @Test
    void singleHolderFillsTheMemory() {
        known = known(256 << 10);
        KeyHolder<String> holder = holder("alone");
        for (int row = 0; row < 100_000; row++) {
            holder.remember(key(row));
            assertThat(holder.knows(key(row))).isTrue();
        }
        assertThat(known.bytes()).isLessThanOrEqualTo((256 << 10) + KeyHolder.BYTES);
    }

    @Test
    void concurrentBindingsAreIndependent() throws Exception {
        List<Callable<Boolean>> work = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            int number = i;
            work.add(() -> churn(number));
        }
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (Future<Boolean> done : threads.invokeAll(work)) {
                assertThat(done.get()).isTrue();
            }
        }
        assertThat(knowing(key(0))).isEmpty();
    }

    private boolean churn(int number) {
        Random random = new Random(number);
        KeyHolder<String> holder = holder("h" + number);
        Set<Integer> rows = new HashSet<>();
        for (int step = 0; step < 50_000; step++) {
            int row = random.nextInt(2_000);
            if (random.nextBoolean()) {
                holder.remember(key(row));
                rows.add(row);
            } else if (holder.forget(key(row)) != rows.remove(row)) {
                return false;
            }
        }
        boolean agrees = rows.stream().allMatch(row -> holder.knows(key(row))) && holder.keys() == rows.size();
        holder.close();
        return agrees;
    }

    /// The counted bytes equal those on the heap.
    @Test
    void bytesOfAKeyAreCounted() {
        int rows = 500_000;
        List<RowKey> keys = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            keys.add(key(row));
        }
        long before = heap();
        KeyHolder<String> holder = holder("mine");
        keys.forEach(holder::remember);
        long taken = heap() - before;
        assertThat(holder.keys()).isEqualTo(rows);
        assertThat(known.bytes() / rows).isBetween(26L, 41L);
        assertThat((double) taken).isBetween(0.8 * known.bytes(), 1.2 * known.bytes());
        assertThat(holder.knows(keys.getFirst())).isTrue();
    }

    @Test
    void sharedKeyTakesFewBytesForEachHolder() {
        List<KeyHolder<String>> holders = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            holders.add(holder("h" + i));
        }
        for (int row = 0; row < 50; row++) {
            RowKey key = key(row);
            holders.forEach(holder -> holder.remember(key));
        }
        long bytes = known.bytes() - (long) KeyHolder.BYTES * holders.size();
        assertThat(bytes / (50.0 * holders.size())).isBetween(4.0, 11.0);
        assertThat(knowing(key(7))).hasSize(10_000);
    }

    @Test
    void isNeededWhereDeleteDoesNotDecide() {
        Set<ChangeEvent> all = EnumSet.allOf(ChangeEvent.class);
        Predicate byOwner = reading("owner");
        Predicate byKey = reading("id");
        Predicate always = Predicate.Constant.ALWAYS;
        Set<String> identity = Set.of("id");
        assertThat(KnownKeys.isNeeded(true, all, identity, byOwner, always)).isTrue();
        assertThat(KnownKeys.isNeeded(true, all, identity, byKey, byOwner)).isTrue();
        assertThat(KnownKeys.isNeeded(true, all, identity, byKey, byKey)).isFalse();
        assertThat(KnownKeys.isNeeded(false, all, identity, byOwner, byOwner)).isFalse();
        assertThat(KnownKeys.isNeeded(true, EnumSet.of(ChangeEvent.INSERT), identity, byOwner, always))
                .isFalse();
    }

    private static Predicate reading(String column) {
        return new Predicate.Term(
                new RowQuestion() {}, new RowTest.OpaqueRow(List.of(new RowTest.ResolvedColumn(column, 0)), List.of()));
    }

    private static long heap() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 3; i++) {
            System.gc();
            least = Math.min(
                    least,
                    ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed());
        }
        return least;
    }

    private KnownKeys<String> known(long bytesMax) {
        return new KnownKeys<>(KeyMemory.of(bytesMax), new SecureRandom(), nanos::get);
    }

    private KeyHolder<String> holder(String binding) {
        return known.holder(binding, ClientKey.ofAddress("10.0.0.1"));
    }

    @Test
    void clientBeyondShareForgetsOnlyItsOwn() {
        known = new KnownKeys<>(new KeyMemory(256 << 10, 64 << 10), new SecureRandom(), nanos::get);
        int share = (64 << 10) / KnownKeys.KEY_BYTES;
        KeyHolder<String> quiet = known.holder("quiet", ClientKey.ofAddress("10.0.0.2"));
        quiet.remember(key(-1));
        KeyHolder<String> first = holder("first");
        for (int i = 0; i < share / 2; i++) {
            first.remember(key(i));
        }
        for (int i = 0; i < 100; i++) {
            nanos.incrementAndGet();
            KeyHolder<String> next = holder("next " + i);
            for (int j = 0; j < share / 4; j++) {
                next.remember(key(j));
            }
            assertThat(next.keys()).isEqualTo(share / 4);
            assertThat(next.share().keys()).isLessThanOrEqualTo(share);
        }
        assertThat(first.keys()).isZero();
        assertThat(quiet.knows(key(-1))).isTrue();
        assertThat(known.evictions()).isGreaterThan(90);
    }

    @Test
    void bindingBeyondShareForgets() {
        known = new KnownKeys<>(new KeyMemory(256 << 10, 64 << 10), new SecureRandom(), nanos::get);
        int share = (64 << 10) / KnownKeys.KEY_BYTES;
        KeyHolder<String> large = holder("large");
        for (int i = 0; i < 10 * share; i++) {
            large.remember(key(i));
            assertThat(large.share().keys()).isLessThanOrEqualTo(share).isEqualTo(large.keys());
        }
        assertThat(large.knows(key(10 * share - 1))).isTrue();
        large.close();
        assertThat(large.share().keys()).isZero();
        assertThat(holder("later").share()).isNotSameAs(large.share());
    }

    private List<String> knowing(RowKey key) {
        List<String> knowing = new ArrayList<>();
        known.forEachKnowing(key, knowing::add);
        return knowing;
    }

    private RowKey key(int id) {
        return key(table("todos"), id);
    }

    private RowKey key(Table table, int id) {
        return key(table, List.of(Integer.toString(id)));
    }

    private RowKey key(Table table, List<String> values) {
        return known.keysOf(table.id()).of(row(table, values));
    }

    private static Row row(Table table, List<String> values) {
        Row.Builder row = Row.of(table);
        for (int i = 0; i < values.size(); i++) {
            row.text(i, values.get(i));
        }
        return row.build();
    }

    private static Table table(String name) {
        return table(name, "id");
    }

    private static Table table(String name, String... identity) {
        return new Table(
                new TableId("public", name),
                List.of(identity).stream()
                        .map(column -> new Column(column, TEXT, true))
                        .toList());
    }
}
