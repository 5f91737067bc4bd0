-- One relation of any kind ($4 schema, $5 name), what a role ($1 to $3) may do with it, and how a publication ($6) treats it. One row
-- always. The functions look at the session's cache, which is as new as this statement.
select c.oid is not null as found,
       n.oid is not null and pg_catalog.has_schema_privilege(?::pg_catalog.name, n.oid, 'USAGE') as schema_usable,
       c.oid is not null and (pg_catalog.has_table_privilege(?::pg_catalog.name, c.oid, 'SELECT')
         or pg_catalog.has_any_column_privilege(?::pg_catalog.name, c.oid, 'SELECT')) as readable,
       c.relkind::text as kind, c.relpersistence::text as persistence,
       c.oid < 16384::pg_catalog.oid as system,
       c.relreplident = 'f' or exists (
         select from pg_catalog.pg_index i
          where i.indrelid = c.oid and (c.relreplident = 'd' and i.indisprimary or c.relreplident = 'i' and i.indisreplident)) as identified,
       p.puballtables or exists (
         select from pg_catalog.pg_publication_rel r where r.prpubid = p.oid and (r.prrelid = c.oid or r.prrelid = any (above.oids)))
         or ${covered_by_schema} as covered,
       published.nspname as published_schema, published.relname as published_name,
       p.oid is not null as publication_found, p.pubviaroot as via_root, p.pubupdate or p.pubdelete as changes,
       array(select a.attname::text from pg_catalog.pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                and a.attnum = any (pg_catalog.string_to_array(named.columns, ' ')::pg_catalog.int2[])
              order by a.attnum) as columns,
       pg_catalog.pg_get_expr(named.condition, c.oid) as condition
  from (select) one
  left join pg_catalog.pg_namespace n on n.nspname = ?
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = ?
  left join pg_catalog.pg_publication p on p.pubname = ?
  left join ${named} as named on named.publication = p.oid and named.table_oid = c.oid
  cross join lateral (
    select array(with recursive up (oid) as (
                   select i.inhparent from pg_catalog.pg_inherits i where c.relispartition and i.inhrelid = c.oid
                   union all
                   select i.inhparent from up join pg_catalog.pg_inherits i on i.inhrelid = up.oid)
                 select up.oid from up) as oids) above
  left join lateral (
    select pn.nspname, pc.relname
      from (${published}) as published
      join pg_catalog.pg_class pc on pc.oid = published.relid
      join pg_catalog.pg_namespace pn on pn.oid = pc.relnamespace
     where published.pubname = p.pubname and published.relid = any (above.oids) limit 1) published on true
