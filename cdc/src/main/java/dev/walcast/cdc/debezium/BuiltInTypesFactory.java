package dev.walcast.cdc.debezium;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.debezium.jdbc.JdbcConfiguration;
import io.debezium.jdbc.JdbcConnection;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.URLEncoder;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.postgresql.Driver;
import org.postgresql.jdbc.PgConnection;
import org.postgresql.util.HostSpec;

/// Opens Debezium's connections, over which Debezium finds only the built-in types. Debezium reads all types at
/// its start and needs none of them ([TextTypes]). A user's type can make this fail: an enum without values, a
/// name that is no text. The engine creates this class by its name, so it is public.
public final class BuiltInTypesFactory implements JdbcConnection.ConnectionFactory {
    @Override
    public Connection connect(JdbcConfiguration config) throws SQLException {
        String url = "jdbc:postgresql://" + config.getHostname() + ":" + config.getPortAsString() + "/"
                + URLEncoder.encode(config.getDatabase(), UTF_8);
        Properties given = config.asProperties();
        Properties parsed = Driver.parseURL(url, given);
        if (parsed == null) {
            throw new SQLException("the database's address cannot be read");
        }
        return new FilteredConnection(hosts(parsed), parsed, url);
    }

    private static HostSpec[] hosts(Properties parsed) {
        String[] names = parsed.getProperty("PGHOST").split(",", -1);
        String[] ports = parsed.getProperty("PGPORT").split(",", -1);
        List<HostSpec> hosts = new ArrayList<>();
        for (int i = 0; i < names.length; i++) {
            hosts.add(new HostSpec(names[i], Integer.parseInt(ports[i])));
        }
        return hosts.toArray(HostSpec[]::new);
    }

    private static final class FilteredConnection extends PgConnection {
        FilteredConnection(HostSpec[] hosts, Properties properties, String url) throws SQLException {
            super(hosts, properties, url);
        }

        @Override
        public Statement createStatement() throws SQLException {
            Statement statement = super.createStatement();
            return (Statement) Proxy.newProxyInstance(
                    BuiltInTypesFactory.class.getClassLoader(),
                    new Class<?>[] {Statement.class},
                    (_, method, arguments) -> {
                        if (method.getName().equals("executeQuery")) {
                            arguments[0] = filtered((String) arguments[0]);
                        }
                        try {
                            return method.invoke(statement, arguments);
                        } catch (InvocationTargetException e) {
                            throw e.getCause();
                        }
                    });
        }

        /// Limits Debezium's queries of all types to built-in types. Both of them select oids.
        private static String filtered(String sql) {
            return sql.contains("FROM pg_catalog.pg_type")
                    ? "select * from (" + sql.strip().replaceAll(";$", "")
                            + ") as types where types.oid < 16384::pg_catalog.oid"
                    : sql;
        }
    }
}
