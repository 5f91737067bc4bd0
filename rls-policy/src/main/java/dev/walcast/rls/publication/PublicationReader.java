package dev.walcast.rls.publication;

import static java.util.Objects.requireNonNull;

import dev.walcast.cdc.Lsn;
import dev.walcast.cdc.TableId;
import dev.walcast.rls.PgSnapshot;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.sql.DataSource;

/// Reads the members of a publication: its own row of the catalog, the tables and schemas that it names, and those of
/// its tables that were renamed or moved to another schema. Safe for any thread. Calls block.
public final class PublicationReader {
    private static final String MEMBERS = """
            select 'PUBLICATION' as kind, 0::pg_catalog.oid as oid, p.oid || ' ' || p.xmin as version, p.xmin
              from pg_catalog.pg_publication p where p.pubname = ?
            union all
            select 'TABLE', r.prrelid, r.oid || ' ' || r.xmin, r.xmin
              from pg_catalog.pg_publication p join pg_catalog.pg_publication_rel r on r.prpubid = p.oid where p.pubname = ?
            union all
            select 'NAME', c.oid, t.xmin::pg_catalog.text, t.xmin
              from (${published}) as published
              join pg_catalog.pg_class c on c.oid = published.relid
              join pg_catalog.pg_type t on t.oid = c.reltype
              join pg_catalog.pg_attribute made on made.attrelid = c.oid and made.attname = 'ctid' and made.xmin <> t.xmin
             where published.pubname = ?
            """;

    private static final String SCHEMAS = """
            union all
            select 'SCHEMA', s.pnnspid, s.oid || ' ' || s.xmin, s.xmin
              from pg_catalog.pg_publication p
              join pg_catalog.pg_publication_namespace s on s.pnpubid = p.oid where p.pubname = ?""";

    private static final String DIGEST = """
            select pg_catalog.md5(pg_catalog.string_agg(m.kind || ' ' || m.oid || ' ' || m.version, ',' order by m.kind, m.oid))
              from (${members}) m""";

    private static final String ALL =
            "select m.kind, m.oid, m.version, pg_catalog.age(m.xmin) <= (select pg_catalog.age(s.catalog_xmin)"
                    + " from pg_catalog.pg_replication_slots s where s.slot_name = ?) as young from (${members}) m";

    /// Selects the tables whose changes the members let through, under the names that changes carry: partitioned
    /// tables and their partitions.
    private static final String TABLES = """
            with recursive named (oid) as (
              select c.oid from pg_catalog.pg_class c
               where c.relkind in ('r', 'p') and (c.oid = any (?::pg_catalog.oid[]) or c.relnamespace = any (?::pg_catalog.oid[])
                  or ? and c.oid in (select published.relid from (${published}) as published where published.pubname = ?))
              union
              select i.inhrelid from named join pg_catalog.pg_inherits i on i.inhparent = named.oid)
            select n.nspname, c.relname
              from named join pg_catalog.pg_class c on c.oid = named.oid join pg_catalog.pg_namespace n on n.oid = c.relnamespace""";

    private static final String MARK = """
            select case when pg_catalog.pg_is_in_recovery() then '0/0'
                        else pg_catalog.pg_logical_emit_message(true, 'walcast', 'publication')::text end""";

    private final DataSource dataSource;
    private final String publication;
    private final String slotName;

    /// Makes a reader. Neither the publication nor the slot has to exist.
    public PublicationReader(DataSource dataSource, String publication, String slotName) {
        this.dataSource = requireNonNull(dataSource, "dataSource is null");
        this.publication = requireNonNull(publication, "publication is null");
        this.slotName = requireNonNull(slotName, "slotName is null");
    }

    /// The kind of a member.
    public enum Kind {
        /// The publication itself. Its oid is not read.
        PUBLICATION,
        /// A table that the publication names.
        TABLE,
        /// A schema that the publication names.
        SCHEMA,
        /// A table that was renamed or moved since it was created. Before that, its changes carried another
        /// name, or were not published. Detected by its row type, whose catalog row changes only then and
        /// with the owner.
        NAME
    }

    /// One member.
    ///
    /// @param oid the oid of the table or schema; 0 for the publication
    public record Member(Kind kind, long oid) {}

    /// The version of a member.
    ///
    /// @param version changes when the member is altered, or added again
    /// @param young   whether the slot may still have to send changes from before the member was added
    public record Version(String version, boolean young) {}

    /// Returns a digest of all members, to be compared with a later one. Much cheaper than [#members].
    public String digest() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = prepare(connection, DIGEST, 1);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return String.valueOf(row.getString(1));
        }
    }

    /// Returns the members; empty when the publication does not exist.
    public Map<Member, Version> members() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = prepare(connection, ALL, 2)) {
            statement.setString(1, slotName);
            Map<Member, Version> members = new HashMap<>();
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    members.put(
                            new Member(Kind.valueOf(rows.getString("kind")), rows.getLong("oid")),
                            new Version(rows.getString("version"), rows.getBoolean("young")));
                }
            }
            return members;
        }
    }

    private PreparedStatement prepare(Connection connection, String query, int first) throws SQLException {
        boolean schemas = connection.getMetaData().getDatabaseMajorVersion() >= 15;
        PreparedStatement statement = connection.prepareStatement(
                PublicationSql.of(connection, query.replace("${members}", schemas ? MEMBERS + SCHEMAS : MEMBERS)));
        for (int i = 0; i < (schemas ? 4 : 3); i++) {
            statement.setString(first + i, publication);
        }
        return statement;
    }

    /// Returns the current snapshot.
    public PgSnapshot snapshot() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement =
                        connection.prepareStatement("select pg_catalog.pg_current_snapshot()::text");
                ResultSet row = statement.executeQuery()) {
            row.next();
            return PgSnapshot.parse(row.getString(1), Lsn.ZERO);
        }
    }

    /// Returns the tables whose changes these members let through.
    public Set<TableId> tables(Collection<Member> members) throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(PublicationSql.of(connection, TABLES))) {
            statement.setArray(1, oids(connection, members, Set.of(Kind.TABLE, Kind.NAME)));
            statement.setArray(2, oids(connection, members, Set.of(Kind.SCHEMA)));
            statement.setBoolean(3, members.stream().anyMatch(member -> member.kind() == Kind.PUBLICATION));
            statement.setString(4, publication);
            try (ResultSet rows = statement.executeQuery()) {
                Set<TableId> tables = new HashSet<>();
                while (rows.next()) {
                    tables.add(new TableId(rows.getString(1), rows.getString(2)));
                }
                return tables;
            }
        }
    }

    private static Array oids(Connection connection, Collection<Member> members, Set<Kind> kinds) throws SQLException {
        return connection.createArrayOf(
                "oid",
                members.stream()
                        .filter(member -> kinds.contains(member.kind()))
                        .map(Member::oid)
                        .toArray());
    }

    /// Writes a message to the log.
    ///
    /// @return the place of the message; zero on a standby, which cannot write
    public Lsn mark() throws SQLException {
        try (Connection connection = dataSource.getConnection();
                PreparedStatement statement = connection.prepareStatement(MARK);
                ResultSet row = statement.executeQuery()) {
            row.next();
            return Lsn.parse(row.getString(1));
        }
    }
}
