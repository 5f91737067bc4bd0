package dev.walcast.server.rights;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;

/// Random changes of the rows that one session writes; no other session touches them.
final class RandomRows {
    private static final int SECRET_LENGTH_MAX = 10;

    private final Random random;
    private final AtomicInteger numbers;
    private final Map<String, List<Integer>> ids = new HashMap<>();

    /// @param numbers gives each row and each version a number of its own
    RandomRows(Random random, AtomicInteger numbers) {
        this.random = random;
        this.numbers = numbers;
    }

    RightsOperation.Part next(String table) {
        List<Integer> known = ids.computeIfAbsent(table, _ -> new ArrayList<>());
        int kind = random.nextInt(10);
        if (known.isEmpty() || kind < 6) {
            return insert(table);
        }
        int id = known.get(random.nextInt(known.size()));
        if (kind < 9) {
            return new RightsOperation.Row(RowChange.update(image(table, id)));
        }
        known.remove(Integer.valueOf(id));
        return new RightsOperation.Row(RowChange.delete(table, id));
    }

    RightsOperation.Part insert(String table) {
        RowImage image = image(table, numbers.incrementAndGet());
        ids.computeIfAbsent(table, _ -> new ArrayList<>()).add(image.id());
        return new RightsOperation.Row(RowChange.insert(image));
    }

    List<RightsOperation.Part> some(String table, int count) {
        List<RightsOperation.Part> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            rows.add(next(table));
        }
        return rows;
    }

    /// Over all tables.
    List<RightsOperation.Part> transaction() {
        List<RightsOperation.Part> rows = new ArrayList<>();
        for (int i = 1 + random.nextInt(3); i > 0; i--) {
            rows.add(next(RightsDatabase.TABLES.get(random.nextInt(RightsDatabase.TABLES.size()))));
        }
        return rows;
    }

    /// One row for each `room`, which the last subscriptions wait for.
    List<RightsOperation.Part> markers(String table) {
        List<RightsOperation.Part> rows = new ArrayList<>();
        for (int room = 1; room <= RightsDatabase.ROOMS; room++) {
            int number = numbers.incrementAndGet();
            rows.add(new RightsOperation.Row(
                    RowChange.insert(new RowImage(number, table, number, "u1", room, "end", "end"))));
        }
        return rows;
    }

    private RowImage image(String table, int id) {
        String secret = Long.toHexString(random.nextLong() | Long.MIN_VALUE);
        return new RowImage(
                numbers.incrementAndGet(),
                table,
                id,
                "u" + (1 + random.nextInt(3)),
                1 + random.nextInt(RightsDatabase.ROOMS),
                "k" + (1 + random.nextInt(4)),
                secret.substring(0, 1 + random.nextInt(SECRET_LENGTH_MAX)));
    }
}
