package dev.walcast.cdc.types;

import static org.assertj.core.api.Assertions.assertThat;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.types.TableColumns.Attribute;
import dev.walcast.cdc.types.TableColumns.Seen;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class TableColumnsTest {
    /// A column is settled when its name is in upper case.
    private static List<Integer> numbers(List<String> attributes, String... names) {
        List<Attribute> made = new ArrayList<>();
        Set<Integer> settled = new HashSet<>();
        for (int i = 0; i < attributes.size(); i++) {
            String attribute = attributes.get(i);
            boolean isDropped = attribute.startsWith("-");
            String name = isDropped ? attribute.substring(1) : attribute;
            if (!name.equals(name.toLowerCase(Locale.ROOT))) {
                settled.add(i + 1);
            }
            made.add(new Attribute(i + 1, name.toLowerCase(Locale.ROOT), isDropped, false, 5, false, false));
        }
        return new TableColumns(made, attribute -> settled.contains(attribute.number())).numbers(List.of(names));
    }

    @Test
    void settledColumnsAreFoundByName() {
        assertThat(numbers(List.of("A", "-B", "C"), "a", "c")).containsExactly(1, 3);
    }

    @Test
    void renamedColumnIsFoundByItsPlace() {
        assertThat(numbers(List.of("A", "c", "D"), "a", "b", "d")).containsExactly(1, 2, 3);
    }

    @Test
    void swappedColumnsAreFoundByTheirPlaces() {
        assertThat(numbers(List.of("b", "a"), "a", "b")).containsExactly(1, 2);
    }

    @Test
    void recreatedColumnIsNotProven() {
        assertThat(numbers(List.of("A", "-b", "b"), "a", "b")).containsExactly(1, 0);
    }

    @Test
    void columnAddedLaterIsNotUsed() {
        assertThat(numbers(List.of("A", "B", "c"), "a", "b")).containsExactly(1, 2);
    }

    @Test
    void contradictionProvesNothing() {
        assertThat(numbers(List.of("A", "B"), "b", "a")).containsExactly(0, 0);
    }

    @Test
    void rowReadBeforeTheChangeIsOlder() {
        Attribute attribute = new Attribute(1, "a", false, false, 7, false, false);
        Seen seen = Seen.NOTHING.and(List.of(attribute), new Lsn(100)).and(List.of(attribute), new Lsn(200));

        assertThat(seen.contains(attribute, new Lsn(100))).isFalse();
        assertThat(seen.contains(attribute, new Lsn(101))).isTrue();
        assertThat(seen.contains(new Attribute(1, "a", false, false, 8, false, false), new Lsn(300)))
                .isFalse();
    }

    /// Creates a random history of a table. Every proven number must be right.
    @Test
    void provenNumbersAreRightInRandomHistories() {
        for (int seed = 0; seed < 20_000; seed++) {
            RandomHistory history = new RandomHistory(new Random(seed));
            assertThat(history.wrong()).as("seed " + seed).isEmpty();
        }
    }

    /// Adds, drops and renames columns. One state is described, and the last state is the catalog's.
    private static final class RandomHistory {
        private final List<String> names = new ArrayList<>(List.of("a", "b", "c"));
        private final List<Boolean> changed = new ArrayList<>(List.of(false, false, false));
        private final Random random;
        private final List<String> wrong = new ArrayList<>();

        RandomHistory(Random random) {
            this.random = random;
            change();
            Collections.fill(changed, false);
            int before = random.nextInt(3);
            for (int i = 0; i < before; i++) {
                change();
            }
            List<String> described = new ArrayList<>(names);
            int after = random.nextInt(4);
            for (int i = 0; i < after; i++) {
                change();
            }
            compare(described);
        }

        private void change() {
            int column = random.nextInt(names.size());
            String name = List.of("a", "b", "c", "d", "e").get(random.nextInt(5));
            boolean isFree = !names.contains(name);
            switch (random.nextInt(4)) {
                case 0 -> {
                    if (isFree) {
                        names.add(name);
                        changed.add(true);
                    }
                }
                case 1 -> set(column, "");
                case 2 -> {
                    if (isFree && !names.get(column).isEmpty()) {
                        set(column, name);
                    }
                }
                default -> {
                    int other = random.nextInt(names.size());
                    String one = names.get(column);
                    if (!one.isEmpty() && !names.get(other).isEmpty()) {
                        set(column, names.get(other));
                        set(other, one);
                    }
                }
            }
        }

        private void set(int column, String name) {
            names.set(column, name);
            changed.set(column, true);
        }

        private void compare(List<String> described) {
            List<Attribute> attributes = new ArrayList<>();
            for (int i = 0; i < names.size(); i++) {
                boolean isDropped = names.get(i).isEmpty();
                attributes.add(new Attribute(
                        i + 1, isDropped ? "dropped " + i : names.get(i), isDropped, false, 5, false, false));
            }
            List<String> told =
                    described.stream().filter(name -> !name.isEmpty()).toList();
            List<Integer> numbers =
                    new TableColumns(attributes, attribute -> !changed.get(attribute.number() - 1)).numbers(told);
            for (int i = 0; i < told.size(); i++) {
                int number = numbers.get(i);
                if (number != 0 && described.indexOf(told.get(i)) != number - 1) {
                    wrong.add(told + " of " + attributes + " gave " + numbers);
                }
            }
        }

        List<String> wrong() {
            return wrong;
        }
    }
}
