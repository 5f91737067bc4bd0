package dev.walcast.rls.session;

import static java.util.Objects.requireNonNull;

import dev.walcast.filters.predicate.SessionSettings;
import dev.walcast.rls.RoleFacts;
import dev.walcast.rls.sql.SqlFile;
import dev.walcast.rls.sql.SqlStates;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Reads the settings with which a new session of a role begins in this database: those of the server, then those of
/// `ALTER ROLE ALL`, `ALTER DATABASE`, `ALTER ROLE` and `ALTER ROLE … IN DATABASE`. Later ones override earlier ones.
/// It reads custom settings, and settings that can change the meaning of an expression. Used by one thread at a time.
public final class SettingsReader {
    private static final Logger log = LoggerFactory.getLogger(SettingsReader.class);

    private static final String STORED = SqlFile.read(SettingsReader.class, "settings.sql");
    private static final String DEFAULTS = SqlFile.read(SettingsReader.class, "setting-defaults.sql");

    private static final String READ_ONLY = "default_transaction_read_only";
    private static final String TIME_ZONE = "timezone";

    /// Settings to apply besides those that every connection for evaluation sets. A user may set each of them.
    private static final Set<String> APPLIED = Set.of(
            SettingsSql.SEARCH_PATH,
            READ_ONLY,
            "default_text_search_config",
            "lc_monetary",
            "lc_numeric",
            "lc_time",
            "timezone_abbreviations",
            "gin_fuzzy_search_limit",
            "restrict_nonsystem_relation_kind");

    /// Prefixes of settings that are not applied: those of Walcast, the claims, which belong to the viewer, and
    /// those that Postgres knows only after PL/pgSQL was used.
    private static final List<String> NOT_APPLIED = List.of("walcast.", "plpgsql.", "request.jwt.claims");

    private final Set<String> ofServer = new HashSet<>(SettingsSql.RENDERING.keySet());
    private final @Nullable ServerTimeZone serverTimeZone;
    private final Map<Setting, Boolean> valid = new HashMap<>();
    private @Nullable List<Stored> common;
    private Map<String, Default> defaults = Map.of();
    private double defaultsReadAt;

    /// Makes a reader.
    ///
    /// @param serverTimeZone null when the server's own time zone is known to be UTC
    public SettingsReader(@Nullable ServerTimeZone serverTimeZone) {
        this.serverTimeZone = serverTimeZone;
        ofServer.add(SettingsSql.SEARCH_PATH);
        ofServer.add(READ_ONLY);
    }

    private record Setting(String name, String value) {}

    private record Stored(long role, boolean ofLogin, boolean inDatabase, Setting setting) {}

    /// The default of a setting.
    ///
    /// @param atReset the value with which sessions of this connection's login begin
    /// @param atBoot  the built-in value of Postgres
    private record Default(
            @Nullable String atReset, @Nullable String atBoot, String context) {}

    /// The stored settings, with the times of the configuration and of this reading.
    private record Found(List<Stored> stored, double configuredAt, double now) {
        List<Stored> common() {
            return stored.stream().filter(one -> one.role == 0 || one.ofLogin).toList();
        }
    }

    /// Reads the settings of roles in the transaction of the connection.
    ///
    /// @param evaluator the role that evaluates policies; null for this connection's
    /// @return null when the stored settings of the logins changed since the last call, and at the first call:
    ///     open sessions have other settings, and must not be used any more
    public @Nullable Map<String, RoleFacts> read(
            Connection connection, Map<String, RoleFacts> roles, @Nullable String evaluator) throws SQLException {
        Found found = find(connection, roles.keySet(), evaluator);
        List<Stored> fresh = found.common();
        if (!fresh.equals(common)) {
            common = fresh;
            defaults = Map.of();
            valid.clear();
            warn(fresh);
            return null;
        }
        if (defaults.isEmpty() || found.configuredAt > defaultsReadAt) {
            defaults = defaults(connection);
            defaultsReadAt = found.now;
        }
        Map<String, RoleFacts> complete = new HashMap<>();
        for (RoleFacts role : roles.values()) {
            complete.put(role.name(), role.exists() ? role.with(settings(connection, role, found)) : role);
        }
        return complete;
    }

    private static Found find(Connection connection, Collection<String> roles, @Nullable String evaluator)
            throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(STORED)) {
            statement.setString(1, evaluator);
            statement.setArray(2, connection.createArrayOf("text", roles.toArray()));
            List<Stored> stored = new ArrayList<>();
            String[] times = {"0", "0"};
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    String name = rows.getString("name");
                    String value = rows.getString("value");
                    if (name == null) {
                        times = value.split(" ", 2);
                        continue;
                    }
                    stored.add(new Stored(
                            rows.getLong("role_oid"),
                            rows.getBoolean("of_login"),
                            rows.getBoolean("in_database"),
                            new Setting(name.toLowerCase(Locale.ROOT), value)));
                }
            }
            return new Found(stored, Double.parseDouble(times[0]), Double.parseDouble(times[1]));
        }
    }

    private void warn(List<Stored> fresh) {
        for (Stored one : fresh) {
            if (one.ofLogin && mayApply(one.setting.name) && !ofServer.contains(one.setting.name)) {
                log.warn(
                        "The setting {} of a role that Walcast logs in as holds for all clients that do not have"
                                + " it set: ALTER ROLE … RESET {}",
                        one.setting.name,
                        one.setting.name);
            }
        }
    }

    private Map<String, Default> defaults(Connection connection) throws SQLException {
        Map<String, Default> found = new HashMap<>();
        try (PreparedStatement statement = connection.prepareStatement(DEFAULTS)) {
            statement.setArray(1, connection.createArrayOf("text", ofServer.toArray()));
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.put(
                            rows.getString("name"),
                            new Default(
                                    rows.getString("reset_val"),
                                    rows.getString("boot_val"),
                                    rows.getString("context")));
                }
            }
        }
        Default zone = requireNonNull(found.get(TIME_ZONE));
        found.put(
                TIME_ZONE,
                new Default(serverTimeZone == null ? "UTC" : serverTimeZone.read(), zone.atBoot, zone.context));
        return found;
    }

    private SessionSettings settings(Connection connection, RoleFacts role, Found found) throws SQLException {
        Map<String, String> effective = new TreeMap<>();
        for (String name : ofServer) {
            String value = ofServer(name, found);
            if (value != null) {
                effective.put(name, value);
            }
        }
        for (boolean own : new boolean[] {false, true}) {
            for (boolean inDatabase : new boolean[] {false, true}) {
                for (Stored one : found.stored) {
                    boolean isLevel = one.role == (own ? role.oid() : 0) && one.inDatabase == inDatabase;
                    if (isLevel && mayApply(one.setting.name) && tryValue(connection, one.setting)) {
                        effective.put(one.setting.name, one.setting.value);
                    }
                }
            }
        }
        return cleared(effective);
    }

    /// Returns the value of sessions for which no setting is stored.
    private @Nullable String ofServer(String name, Found found) {
        Default value = defaults.get(name);
        if (value == null) {
            return null;
        }
        // A login's own setting hides the server's.
        boolean ofLogin = found.stored.stream().anyMatch(one -> one.ofLogin && one.setting.name.equals(name));
        return ofLogin ? value.atBoot : value.atReset;
    }

    private boolean mayApply(String name) {
        if (NOT_APPLIED.stream().anyMatch(name::startsWith)) {
            return false;
        }
        if (APPLIED.contains(name) || SettingsSql.RENDERING.containsKey(name)) {
            return true;
        }
        Default known = defaults.get(name);
        return name.contains(".") && (known == null || known.context.equals("user"));
    }

    /// Whether Postgres accepts the value, which it tries in a savepoint. Postgres ignores invalid stored settings
    /// when a session begins.
    private boolean tryValue(Connection connection, Setting setting) throws SQLException {
        Boolean known = valid.get(setting);
        if (known != null) {
            return known;
        }
        boolean isValid = true;
        Savepoint before = connection.setSavepoint();
        // Rolled back in the same round trip, because the driver must not see another DateStyle.
        try (PreparedStatement statement = connection.prepareStatement("savepoint walcast_setting;"
                + " select pg_catalog.set_config(?, ?, true); rollback to savepoint walcast_setting")) {
            statement.setString(1, setting.name);
            statement.setString(2, setting.value);
            statement.execute();
        } catch (SQLException e) {
            if (!SqlStates.saysTheValueIsWrong(e)) {
                throw e;
            }
            log.warn(
                    "The setting {} that is stored for a role or the database is not used: {}",
                    setting.name,
                    SqlStates.primaryMessage(e));
            isValid = false;
        }
        connection.rollback(before);
        valid.put(setting, isValid);
        return isValid;
    }

    /// Removes settings that make no difference.
    private static SessionSettings cleared(Map<String, String> effective) {
        effective.keySet().removeIf(name -> {
            String rendering = SettingsSql.RENDERING.get(name);
            return rendering != null && rendering.equalsIgnoreCase(effective.get(name));
        });
        String readOnly = effective.remove(READ_ONLY);
        if (readOnly != null && isOn(readOnly)) {
            effective.put("transaction_read_only", "on");
        }
        return new SessionSettings(effective);
    }

    /// Whether a setting is on, as Postgres reads booleans. The value must be valid.
    public static boolean isOn(String value) {
        String text = value.toLowerCase(Locale.ROOT);
        return text.equals("1") || text.equals("on") || "true".startsWith(text) || "yes".startsWith(text);
    }
}
