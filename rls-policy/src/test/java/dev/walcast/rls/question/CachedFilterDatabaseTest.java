package dev.walcast.rls.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.walcast.filters.FilterDatabase;
import dev.walcast.filters.FilterRefusedException;
import dev.walcast.filters.predicate.ColumnQuestion;
import dev.walcast.filters.predicate.RoleSession;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.filters.values.ColumnType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CachedFilterDatabaseTest {
    private static final RoleSession ANON = new RoleSession("anon", SessionSettings.NONE);

    @Test
    void changedTypeAndRefusalAreAskedAgain() throws Exception {
        CountingDatabase database = new CountingDatabase();
        CachedFilterDatabase filters = new CachedFilterDatabase(database, () -> 1);
        filters.canonical(ANON, state("open"), "open");
        filters.canonical(ANON, state("open"), "open");
        assertThat(database.asked).containsExactly("open");
        filters.canonical(ANON, state("open", "done"), "open");
        assertThat(database.asked).containsExactly("open", "open");
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(() -> filters.canonical(ANON, state("open"), "nonsense"))
                    .isInstanceOf(FilterRefusedException.class);
        }
        assertThat(database.asked).containsExactly("open", "open", "nonsense", "nonsense");
    }

    private static ColumnType state(String... labels) {
        return new ColumnType(
                20_000, "public.state", "state", "state", 20_000, "public.state", List.of(labels), null, null);
    }

    private static final class CountingDatabase implements FilterDatabase {
        private final List<String> asked = new ArrayList<>();

        @Override
        public String canonical(RoleSession session, ColumnType type, String value) throws FilterRefusedException {
            asked.add(value);
            if (!type.labels().contains(value)) {
                throw new FilterRefusedException("22P02", "invalid input value for enum state");
            }
            return value;
        }

        @Override
        public List<@Nullable String> canonicalElements(RoleSession session, ColumnType type, String arrayLiteral) {
            throw new UnsupportedOperationException();
        }

        @Override
        public String operatorSchema(String operator, long left, long right) {
            return "pg_catalog";
        }

        @Override
        public void check(ColumnQuestion question, @Nullable String value) {
            throw new UnsupportedOperationException();
        }
    }
}
