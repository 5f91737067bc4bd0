package dev.walcast.cdc.postgres;

/// Creates the SQL that lists the tables of publications, as `pg_publication_tables` does. On Postgres 18 that
/// view opens each table, and so waits for every lock on any of them. This SQL reads only the catalog and takes
/// no lock on a user's table.
@SuppressWarnings("InlineFormatString") // the parts are easier to read separately
public final class PublishedTables {
    /// Whether the publication names the table with the alias `%1$s`, directly or by its schema.
    private static final String NAMED = """
            (exists (select from pg_catalog.pg_publication_rel named where named.prpubid = p.oid and named.prrelid = %1$s.oid)%2$s)""";

    private static final String NAMED_BY_SCHEMA = """

             or %1$s.relkind in ('r', 'p') and %1$s.relpersistence = 'p' and %1$s.oid >= 16384::pg_catalog.oid
                and exists (select from pg_catalog.pg_publication_namespace named
                             where named.pnpubid = p.oid and named.pnnspid = %1$s.relnamespace)""";

    private static final String QUERY = """
            select p.oid as pubid, p.pubname, c.oid as relid
              from pg_catalog.pg_publication p
              join pg_catalog.pg_class c on case
                   when p.puballtables then
                     c.relpersistence = 'p' and c.oid >= 16384::pg_catalog.oid
                     and case when p.pubviaroot then c.relkind in ('r', 'p') and not c.relispartition else c.relkind = 'r' end
                   when p.pubviaroot then
                     c.relkind in ('r', 'p') and %1$s and not (c.relispartition and %2$s)
                   else
                     c.relkind in ('r', 'f') and (%1$s or c.relispartition and %2$s)
                   end""";

    private static final String NAMED_ABOVE = """
            exists (with recursive above (oid) as (
                      select i.inhparent from pg_catalog.pg_inherits i where i.inhrelid = c.oid and not i.inhdetachpending
                      union all
                      select i.inhparent from above u join pg_catalog.pg_inherits i on i.inhrelid = u.oid and not i.inhdetachpending)
                    select from above join pg_catalog.pg_class a on a.oid = above.oid where %s)""";

    private PublishedTables() {}

    /// Returns a query of `(pubid, pubname, relid)`, to be put in parentheses. Postgres uses an outer condition
    /// on `pubname` or `relid` for its search.
    ///
    /// @param majorVersion of the server; before 15 a publication cannot name a schema
    public static String query(int majorVersion) {
        String above = NAMED_ABOVE.formatted(named("a", majorVersion));
        return QUERY.formatted(named("c", majorVersion), above);
    }

    private static String named(String alias, int majorVersion) {
        return NAMED.formatted(alias, majorVersion >= 15 ? NAMED_BY_SCHEMA.formatted(alias) : "");
    }
}
