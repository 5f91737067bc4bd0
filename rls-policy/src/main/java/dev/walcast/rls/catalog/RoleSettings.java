package dev.walcast.rls.catalog;

import static java.util.Objects.requireNonNull;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.cache.SingleFlightCache;
import dev.walcast.rls.session.ServerTimeZone;
import dev.walcast.rls.session.SettingsReader;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Caches the settings with which new sessions of roles begin. An answer is at most [SingleFlightCache#MAX_AGE] old.
/// Safe for any thread. Calls block.
public final class RoleSettings {
    private static final int TRIES_MAX = 3;

    private final DataSource isolated;
    private final @Nullable String evaluator;
    private final Runnable renew;

    @GuardedBy("reading")
    private final SettingsReader reader;

    private final ReentrantLock reading = new ReentrantLock();
    private final SingleFlightCache<String, SessionSettings> recent;

    /// Makes the cache.
    ///
    /// @param isolated  connections set up by `IsolatedConnections`
    /// @param evaluator a further login of Walcast; null when there is none
    /// @param timeZone  null when the server's own time zone is known to be UTC
    /// @param renew     see [PostgresRightsReader]
    /// @param nanoTime  a monotonic clock, in nanoseconds
    public RoleSettings(
            DataSource isolated,
            @Nullable String evaluator,
            @Nullable ServerTimeZone timeZone,
            Runnable renew,
            LongSupplier nanoTime) {
        this.isolated = requireNonNull(isolated, "isolated is null");
        this.evaluator = evaluator;
        this.renew = requireNonNull(renew, "renew is null");
        this.reader = new SettingsReader(timeZone);
        this.recent = new SingleFlightCache<>(nanoTime);
    }

    /// Returns the settings of a role. A role that does not exist has none.
    public SessionSettings of(String role) throws SQLException {
        return requireNonNull(recent.<SQLException, SQLException>get(role, () -> read(role)));
    }

    private SessionSettings read(String role) throws SQLException {
        reading.lock();
        try {
            for (int i = 0; i < TRIES_MAX; i++) {
                Map<String, RoleFacts> found = tryToRead(role);
                if (found != null) {
                    return requireNonNull(found.get(role)).settings();
                }
                renew.run();
            }
        } finally {
            reading.unlock();
        }
        throw new SQLException("the settings of the database change faster than they are read", "40001");
    }

    @GuardedBy("reading")
    private @Nullable Map<String, RoleFacts> tryToRead(String role) throws SQLException {
        try (Connection connection = isolated.getConnection()) {
            CatalogQueries queries = new CatalogQueries(connection);
            queries.begin();
            try {
                return reader.read(connection, queries.roles(Set.of(role), evaluator), evaluator);
            } finally {
                queries.end();
                connection.setAutoCommit(true);
            }
        }
    }
}
