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

/// What a database has of the schema `realtime`, and what the role that asked may do with it.
///
/// @param installed    whether there is a table `realtime.messages`
/// @param partitioned  whether it has partitions, which have to be kept
/// @param owner        of that table; empty without one
/// @param foreign      whether somebody else made it, so that it is used as it is and never migrated
/// @param usable       whether the role may read and write it past its policies
/// @param maintainable whether the role may make and drop partitions
/// @param hasTopic     whether policies can call `realtime.topic()`
/// @param publications those that carry the table
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

    /// Named as in every Supabase database.
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

    /// Whether rows of the table come with the changes of these publications.
    public boolean isReadWith(Collection<String> read) {
        return publications.stream().anyMatch(read::contains);
    }

    /// One sentence for each thing that does not work, with what mends it.
    ///
    /// @param role who asked
    /// @param read the publications that are being read
    public List<String> missing(String role, Collection<String> read) {
        if (!installed) {
            return List.of("Private channels, replay and broadcasts from the database are off: there is no table"
                    + " realtime.messages. Run `walcast setup --apply`, or look at `walcast setup --print`.");
        }
        List<String> missing = new ArrayList<>();
        if (!usable) {
            missing.add("Private channels and replay are off: role \"" + role + "\" may not read and write"
                    + " realtime.messages past its policies. Connect as \"" + owner
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
            missing.add("The partitions of realtime.messages are not kept by this server: they belong to \"" + owner
                    + "\", of which role \"" + role + "\" is no member. Without tomorrow's partition private channels"
                    + " stop working tomorrow.");
        }
        return missing;
    }
}
