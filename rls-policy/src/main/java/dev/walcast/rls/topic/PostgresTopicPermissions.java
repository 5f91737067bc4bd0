package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.catalog.RoleSettings;
import dev.walcast.rls.session.SettingsSql;
import dev.walcast.rls.session.ViewerSession;
import dev.walcast.rls.sql.SqlStates;
import dev.walcast.rls.topic.TopicCheckException.Reason;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Finds out what a viewer may do by trying it: it stores a message of the topic and selects it as the viewer, or
/// stores one as the viewer. The transaction is always rolled back, so that neither other sessions nor the change
/// feed see the message. Safe for any thread. Calls block.
///
/// The login of the connections must itself be exempt from the policies.
public final class PostgresTopicPermissions implements TopicPermissions {
    private static final Logger log = LoggerFactory.getLogger(PostgresTopicPermissions.class);
    private static final long NANOS_BETWEEN_WARNINGS = 60_000_000_000L;

    private static final String STORE = "insert into realtime.messages (id, topic, extension)"
            + " select p.id, ?, p.extension from rows from (pg_catalog.unnest(?::pg_catalog.uuid[]),"
            + " pg_catalog.unnest(?::pg_catalog.text[])) as p (id, extension);";

    /// Sets what the statements of a client would find set.
    private static final String CLAIM = """
            select pg_catalog.set_config('realtime.topic', ?, true),
                   pg_catalog.set_config('request.headers', ?, true),
                   pg_catalog.set_config('request.jwt.claims', c.claims, true),
                   pg_catalog.set_config('request.jwt.claim.sub', coalesce(c.claims::pg_catalog.jsonb operator(pg_catalog.->>) 'sub', ''), true),
                   pg_catalog.set_config('request.jwt.claim.role', coalesce(c.claims::pg_catalog.jsonb operator(pg_catalog.->>) 'role', ''), true)
              from (values (?)) as c (claims);
            """;

    /// Becomes the role. It is a statement of its own, so that nothing runs as the wrong role before it. A token
    /// must not name a superuser, to which no policy applies.
    private static final String BECOME = """
            select pg_catalog.set_config('role', case when exists (
                     select from pg_catalog.pg_roles r
                      where r.rolname operator(pg_catalog.=) a.role::pg_catalog.name and r.rolsuper)
                   then 'no superuser' else a.role end, true)
              from (values (?::pg_catalog.text)) as a (role);
            """;

    private static final String WRITE =
            "insert into realtime.messages (topic, extension) select ?, e from pg_catalog.unnest(?::pg_catalog.text[]) as e";

    private final DataSource dataSource;
    private final @Nullable RoleSettings settings;
    private final LongAdder policyFailures = new LongAdder();
    private final AtomicLong warnedAt;
    private final LongSupplier nanoTime;

    /// Makes permissions that use the settings of the connections for all roles.
    ///
    /// @param nanoTime a monotonic clock, in nanoseconds
    public PostgresTopicPermissions(DataSource dataSource, LongSupplier nanoTime) {
        this(dataSource, null, nanoTime);
    }

    /// Makes permissions that use the settings of the viewer's role.
    ///
    /// @param settings the settings of roles; null for the settings of the connections
    /// @param nanoTime a monotonic clock, in nanoseconds
    public PostgresTopicPermissions(DataSource dataSource, @Nullable RoleSettings settings, LongSupplier nanoTime) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.settings = settings;
        this.nanoTime = requireNonNull(nanoTime, "nanoTime is null");
        this.warnedAt = new AtomicLong(nanoTime.getAsLong() - NANOS_BETWEEN_WARNINGS);
    }

    private SessionSettings settings(TopicQuestion question) throws TopicCheckException {
        try {
            return settings == null
                    ? SessionSettings.NONE
                    : settings.of(question.viewer().role());
        } catch (SQLException e) {
            throw failed(Reason.UNREACHABLE, e);
        }
    }

    /// Returns a query that selects all messages before it restores the settings.
    private static String see(SessionSettings settings) {
        return "with seen as materialized (select m.extension from realtime.messages as m"
                + " where m.id operator(pg_catalog.=) any (?::pg_catalog.uuid[])), rendered as materialized (select "
                + SettingsSql.renderingAgain(settings)
                + " as again from (select pg_catalog.count(*) as n from seen) as c"
                + " where c.n operator(pg_catalog.>=) 0)"
                + " select seen.extension from rendered cross join seen where rendered.again";
    }

    /// Returns a statement that sets the settings of the viewer's session; may be empty.
    private static String set(SessionSettings settings) {
        String all = SettingsSql.all(settings);
        return all.isEmpty() ? "" : "select " + all + "; ";
    }

    @Override
    public TopicAccess read(TopicQuestion question, boolean presence) throws TopicCheckException {
        List<String> extensions = presence ? List.of("broadcast", "presence") : List.of("broadcast");
        Set<String> seen = new HashSet<>();
        SessionSettings own = settings(question);
        Trial trial = (connection) -> {
            String[] ids =
                    extensions.stream().map(_ -> UUID.randomUUID().toString()).toArray(String[]::new);
            try (PreparedStatement statement =
                    connection.prepareStatement(STORE + CLAIM + BECOME + set(own) + see(own))) {
                statement.setString(1, question.topic());
                statement.setArray(2, connection.createArrayOf("uuid", ids));
                statement.setArray(3, connection.createArrayOf("text", extensions.toArray()));
                int next = claim(statement, 4, question);
                statement.setArray(next, connection.createArrayOf("uuid", ids));
                readLast(statement, seen);
            }
        };
        boolean allowed = mayBeARole(question) && tryAsViewer(trial);
        return allowed ? new TopicAccess(seen.contains("broadcast"), seen.contains("presence")) : TopicAccess.NONE;
    }

    @Override
    public TopicAccess write(TopicQuestion question) throws TopicCheckException {
        if (mayWrite(question, List.of("broadcast", "presence"))) {
            return new TopicAccess(true, true);
        }
        return new TopicAccess(mayWrite(question, List.of("broadcast")), mayWrite(question, List.of("presence")));
    }

    private boolean mayWrite(TopicQuestion question, List<String> extensions) throws TopicCheckException {
        SessionSettings own = settings(question);
        return mayBeARole(question)
                && tryAsViewer(connection -> {
                    try (PreparedStatement statement = connection.prepareStatement(
                            CLAIM + BECOME + set(own) + WRITE + "; select " + SettingsSql.renderingAgain(own))) {
                        int next = claim(statement, 1, question);
                        statement.setString(next, question.topic());
                        statement.setArray(next + 1, connection.createArrayOf("text", extensions.toArray()));
                        statement.execute();
                    }
                });
    }

    /// Whether the role may exist. No role can be called `none`; with that name the session would stay the login.
    private static boolean mayBeARole(TopicQuestion question) {
        return !question.viewer().role().equals("none");
    }

    /// Sets the parameters of [#CLAIM] and [#BECOME].
    ///
    /// @return the number of the next parameter
    private static int claim(PreparedStatement statement, int first, TopicQuestion question) throws SQLException {
        statement.setString(first, question.topic());
        statement.setString(first + 1, question.headers());
        statement.setString(first + 2, question.viewer().claims());
        statement.setString(first + 3, question.viewer().role());
        return first + 4;
    }

    private static void readLast(PreparedStatement statement, Set<String> into) throws SQLException {
        statement.execute();
        boolean more = true;
        while (more) {
            ResultSet rows = statement.getResultSet();
            into.clear();
            while (rows != null && rows.next()) {
                into.add(rows.getString(1));
            }
            more = statement.getMoreResults() || statement.getUpdateCount() >= 0;
        }
    }

    /// Statements in one transaction, sent together.
    private interface Trial {
        void run(Connection connection) throws SQLException;
    }

    /// Runs the trial and rolls it back. Returns false when the viewer may not do it.
    private boolean tryAsViewer(Trial trial) throws TopicCheckException {
        try (Connection connection = dataSource.getConnection()) {
            connection.setAutoCommit(false);
            try {
                trial.run(connection);
                return true;
            } catch (SQLException e) {
                connection.rollback();
                return deny(connection, e);
            } finally {
                ViewerSession.end(connection);
            }
        } catch (SQLTransientConnectionException e) {
            // The pool names the reason when it could not connect, and has none when all were busy.
            Reason reason = e.getCause() == null ? Reason.POOL_EXHAUSTED : Reason.UNREACHABLE;
            throw new TopicCheckException(reason, "no connection for private channels: " + e.getMessage(), e);
        } catch (SQLException e) {
            throw failed(Reason.UNREACHABLE, e);
        }
    }

    /// Returns false when the rights of the viewer caused the error. Throws when the cause is another one.
    private boolean deny(Connection connection, SQLException e) throws SQLException, TopicCheckException {
        String state = String.valueOf(e.getSQLState());
        if (state.equals("57014") || state.equals("55P03")) {
            throw failed(Reason.CANCELED, e);
        }
        if (SqlStates.saysPostgresIsAway(e)) {
            throw failed(Reason.UNREACHABLE, e);
        }
        if ("ExecFindPartition".equals(routine(e))) {
            throw failed(Reason.PARTITION_MISSING, e);
        }
        if (!isInstalled(connection)) {
            throw failed(Reason.NOT_INSTALLED, e);
        }
        if (!state.equals("42501")) {
            policyFailures.increment();
            warnOfPolicy(e);
        }
        return false;
    }

    private static TopicCheckException failed(Reason reason, SQLException e) {
        return new TopicCheckException(reason, "a private channel could not be checked: " + e.getMessage(), e);
    }

    /// Returns the function of Postgres that raised the error. Unlike the message, it does not depend on the
    /// language.
    private static @Nullable String routine(SQLException e) {
        ServerErrorMessage message = e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
        return message == null ? null : message.getRoutine();
    }

    private static boolean isInstalled(Connection connection) throws SQLException {
        String query = """
                select exists (
                  select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) c.relnamespace
                   where n.nspname operator(pg_catalog.=) 'realtime'::pg_catalog.name
                   and c.relname operator(pg_catalog.=) 'messages'::pg_catalog.name
                     and pg_catalog.has_schema_privilege(n.oid, 'USAGE')
                     and pg_catalog.has_table_privilege(c.oid, 'INSERT'))""";
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return row.getBoolean(1);
        }
    }

    private void warnOfPolicy(SQLException e) {
        long now = nanoTime.getAsLong();
        long before = warnedAt.get();
        if (now - before >= NANOS_BETWEEN_WARNINGS && warnedAt.compareAndSet(before, now)) {
            log.warn(
                    "A policy of realtime.messages failed, which denies access ({} so far): {} {}",
                    policyFailures.sum(),
                    e.getSQLState(),
                    SqlStates.primaryMessage(e));
        }
    }

    /// Returns how often an error of a policy denied access.
    public long policyFailures() {
        return policyFailures.sum();
    }
}
