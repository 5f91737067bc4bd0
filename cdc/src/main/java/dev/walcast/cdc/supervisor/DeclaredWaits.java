package dev.walcast.cdc.supervisor;

import static java.util.Objects.requireNonNull;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.Statement;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/// Declares what a thread does in a database driver as waits of the task that runs on it, and nothing else: what the
/// task does between two calls of the driver is its own work, and has to move. On other threads it changes nothing.
///
/// A declared wait may take any time, so each call needs a bound of its own: `connectTimeout` and `socketTimeout` of
/// the driver, or the pool's connection timeout, and `statement_timeout` where Postgres may work for long.
public final class DeclaredWaits {
    private DeclaredWaits() {}

    /// The same connections, whose calls are declared.
    public static DataSource of(DataSource source) {
        return declared(DataSource.class, source);
    }

    /// The same connection, whose calls are declared.
    public static Connection of(Connection connection) {
        return declared(Connection.class, connection);
    }

    private static <T> T declared(Class<T> type, T target) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(), new Class<?>[] {type}, (_, method, arguments) -> {
                    try (TaskActivity.Span _ = TaskActivity.currentWaits()) {
                        return declared(method.invoke(target, arguments));
                    } catch (InvocationTargetException e) {
                        throw requireNonNull(e.getCause());
                    }
                }));
    }

    /// Rows are at hand when a statement returns, so that reading them is no wait.
    private static @Nullable Object declared(@Nullable Object result) {
        return switch (result) {
            case Connection connection -> declared(Connection.class, connection);
            case PreparedStatement statement -> declared(PreparedStatement.class, statement);
            case Statement statement -> declared(Statement.class, statement);
            case null, default -> result;
        };
    }
}
