package dev.walcast.bench;

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
import dev.walcast.cdc.postgres.PostgresUrl;
import dev.walcast.filters.predicate.RowAnswers;
import dev.walcast.rls.Viewer;
import dev.walcast.rls.catalog.PostgresRightsReader;
import dev.walcast.rls.guard.RowGuard;
import dev.walcast.rls.guard.RowPolicies;
import dev.walcast.rls.guard.Verdict;
import dev.walcast.rls.rights.Rights;
import dev.walcast.rls.rights.RightsLimits;
import dev.walcast.rls.rights.RightsMark;
import dev.walcast.rls.session.IsolatedConnections;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// Whether a viewer may see a row of the demo's todos, by `auth.uid() = user_id`. Needs the development database.
@State(Scope.Benchmark)
public class GuardBenchmark {
    private static final String USER = "11111111-1111-4111-8111-111111111111";

    private final Viewer viewer = new Viewer("authenticated", "{\"role\":\"authenticated\",\"sub\":\"" + USER + "\"}");
    private final RowGuard guard;
    private final Change change;
    private final RightsMark mark;

    public GuardBenchmark() {
        PostgresUrl url = PostgresUrl.parse(System.getProperty("walcast.bench.url"));
        String jdbc = url.jdbcUrl() + "?user=" + url.user() + "&password=" + url.password();
        DataSource isolated = Policies.pool(jdbc, IsolatedConnections.initSql(Duration.ofSeconds(60)));
        RightsLimits hours = new RightsLimits(Duration.ofHours(1), Duration.ofHours(2));
        Rights rights =
                new Rights(new PostgresRightsReader(isolated, "none", System::nanoTime), hours, System::nanoTime);
        RowPolicies policies = new RowPolicies(isolated);
        guard = new RowGuard(rights, policies, RowGuard.DeleteVisibility.STRICT);
        Table todos = new Table(
                new TableId("public", "todos"),
                List.of(
                        new Column("id", new PgType.Scalar(20, "int8", JsonForm.NUMBER), true),
                        new Column("user_id", new PgType.Scalar(2950, "uuid", JsonForm.TEXT), false),
                        new Column("task", new PgType.Scalar(25, "text", JsonForm.TEXT), false),
                        new Column("done", new PgType.Scalar(16, "bool", JsonForm.BOOLEAN), false)));
        Row row = Row.of(todos)
                .text(0, "1")
                .text(1, USER)
                .text(2, "task")
                .text(3, "f")
                .build();
        change = new Change.Insert(todos, new Position(new Lsn(1), 0), new Commit(new Lsn(1), 1, 0), row);
        mark = rights.latest(todos.id());
        try {
            guard.prepare(viewer, todos.id(), mark, 1_000_000_000);
        } catch (SQLException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
        if (!(judge() instanceof Verdict.Visible)) {
            throw new IllegalStateException("the row should be visible");
        }
    }

    @Benchmark
    public final Verdict judge() {
        return guard.judge(viewer, change, mark, RowAnswers.NONE);
    }
}
