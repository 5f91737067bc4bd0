package dev.walcast.rls.publication;

import dev.walcast.cdc.postgres.PublishedTables;
import java.sql.Connection;
import java.sql.SQLException;

/// Replaces placeholders in SQL about publications by SQL for the version of Postgres:
///
/// * `${published}`: the tables of publications, see [PublishedTables];
/// * `${named}`: `(publication, table_oid, columns, condition)` for each table that a publication names;
/// * `${by_schema}`: whether the publication `p` names the schema of the table `c`;
/// * `${covered_by_schema}`: likewise, or the schema of one of the tables `above.oids`.
public final class PublicationSql {
    private static final String NAMED = """
            (select r.prpubid as publication, r.prrelid as table_oid, r.prattrs::text as columns, r.prqual as condition
               from pg_catalog.pg_publication_rel r)""";

    private static final String BY_SCHEMA = """
            exists (select from pg_catalog.pg_publication_namespace s
                     where s.pnpubid = p.oid and s.pnnspid = c.relnamespace)""";

    private static final String COVERED_BY_SCHEMA = """
            exists (select from pg_catalog.pg_publication_namespace s
                     where s.pnpubid = p.oid
                       and (s.pnnspid = c.relnamespace or s.pnnspid in (
                              select u.relnamespace from pg_catalog.pg_class u where u.oid = any (above.oids))))""";

    /// Before Postgres 15, publications have no column lists, no conditions and no schemas.
    private static final String NOT_NAMED = """
            (select null::pg_catalog.oid as publication, null::pg_catalog.oid as table_oid, null::text as columns,
                    null::pg_catalog.pg_node_tree as condition)""";

    private PublicationSql() {}

    /// Returns the query without placeholders.
    public static String of(Connection connection, String query) throws SQLException {
        int major = connection.getMetaData().getDatabaseMajorVersion();
        return query.replace("${published}", PublishedTables.query(major))
                .replace("${named}", major >= 15 ? NAMED : NOT_NAMED)
                .replace("${covered_by_schema}", major >= 15 ? COVERED_BY_SCHEMA : "false")
                .replace("${by_schema}", major >= 15 ? BY_SCHEMA : "false");
    }
}
