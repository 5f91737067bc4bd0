package dev.walcast.server.setup;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.cdc.postgres.PublishedTables;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// Describes the schema `realtime` of a database, and what the role that asked may do with it.
///
/// @param installed    whether the table `realtime.messages` exists
/// @param partitioned  whether it has partitions, which must be maintained
/// @param owner        the owner of the table; empty without a table
/// @param foreign      whether another system created it; then it is used unchanged and never migrated
/// @param usable       whether the role may read and write it bypassing its policies
/// @param maintainable whether the role may create and drop partitions
/// @param hasTopic     whether the function `realtime.topic()` exists for policies
/// @param publications the publications that contain the table
public record Installation(
        boolean installed,
        boolean partitioned,
        String owner,
        boolean foreign,
        boolean usable,
        boolean maintainable,
        boolean hasTopic,
        Set<String> publications) {
    static final String SCHEMA = "realtime";

    public static final TableId MESSAGES = new TableId(SCHEMA, "messages");

    /// The name that every Supabase database uses.
    public static final String PUBLICATION = "supabase_realtime_messages_publication";

    public static final Installation NONE = new Installation(false, false, "", false, false, false, false, Set.of());

    private static final String QUERY = Migrations.text("installation.sql");

    public Installation {
        requireNonNull(owner, "owner is null");
        publications = Set.copyOf(publications);
    }

    public static Installation of(Connection connection) throws SQLException {
        int major = connection.getMetaData().getDatabaseMajorVersion();
        String query = QUERY.replace("${published}", PublishedTables.query(major));
        try (PreparedStatement statement = connection.prepareStatement(query);
                ResultSet row = statement.executeQuery()) {
            return row.next() ? read(row) : NONE;
        }
    }

    private static Installation read(ResultSet row) throws SQLException {
        Array publications = row.getArray("publications");
        return new Installation(
                row.getBoolean("installed"),
                row.getBoolean("partitioned"),
                row.getString("owner"),
                row.getBoolean("foreign_schema"),
                row.getBoolean("usable"),
                row.getBoolean("maintainable"),
                row.getBoolean("has_topic"),
                Set.of((String[]) publications.getArray()));
    }

    public boolean supportsPrivateChannels() {
        return installed && usable && hasTopic;
    }

    /// Whether the table is in one of these publications.
    public boolean isReadWith(Collection<String> read) {
        return publications.stream().anyMatch(read::contains);
    }

    /// Returns one sentence for each function that does not work, with what to do.
    ///
    /// @param role the role that asked
    /// @param read the publications that are being read
    public List<String> missing(String role, Collection<String> read) {
        if (!installed) {
            return List.of("Private channels, replay and broadcasts from the database are off: there is no table"
                    + " realtime.messages. Run `walcast setup --apply`, or see `walcast setup --print`.");
        }
        List<String> missing = new ArrayList<>();
        if (!usable) {
            missing.add("Private channels and replay are off: role \"" + role + "\" cannot read and write"
                    + " realtime.messages bypassing its policies. Connect as \"" + owner
                    + "\" or as a role with BYPASSRLS, SELECT and INSERT.");
        }
        if (!hasTopic) {
            missing.add(
                    "Private channels are off: there is no function realtime.topic(). Run `walcast setup --apply`.");
        }
        if (!isReadWith(read)) {
            missing.add("Broadcasts from the database are off: realtime.messages is in no publication that is read."
                    + " Run CREATE PUBLICATION " + PUBLICATION + " FOR TABLE realtime.messages as \"" + owner
                    + "\" and restart the server.");
        }
        if (partitioned && !maintainable) {
            missing.add("This server does not maintain the partitions of realtime.messages: they belong to \"" + owner
                    + "\", and role \"" + role
                    + "\" is not a member of it. Without tomorrow's partition private channels"
                    + " stop working tomorrow.");
        }
        return missing;
    }
}
