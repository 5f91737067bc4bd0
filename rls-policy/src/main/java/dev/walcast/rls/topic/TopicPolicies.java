package dev.walcast.rls.topic;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.TableId;
import dev.walcast.rls.sql.SqlFile;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import javax.sql.DataSource;

/// The state of everything in the catalog that decides about private topics.
///
/// @param state  equal while nothing has changed: policies, grants, owners and flags of `realtime.messages` and of
///               what its policies read, views, functions, roles and their members
/// @param tables the tables whose rows the policies read, also through views, through policies of these tables, and
///               through functions with a parsed body (`BEGIN ATOMIC`). Postgres does not know what other functions
///               read
public record TopicPolicies(String state, Set<TableId> tables) {
    private static final String QUERY = SqlFile.read(TopicPolicies.class, "topic_policies.sql");

    public TopicPolicies {
        requireNonNull(state, "state is null");
        tables = Set.copyOf(tables);
    }

    /// Reads the current state. Locks no table of a user. Blocks.
    public static TopicPolicies read(DataSource dataSource) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(QUERY);
                ResultSet row = statement.executeQuery()) {
            row.next();
            Set<TableId> tables = new HashSet<>();
            for (Object table : (Object[]) row.getArray("tables").getArray()) {
                String[] names = (String[]) table;
                tables.add(new TableId(names[0], names[1]));
            }
            return new TopicPolicies(row.getString("state"), tables);
        }
    }
}
