-- The tables asked about ($1 schemas, $2 names, as parallel arrays): one row for each that exists, and what the publication ($3) sends
-- of it. A list of columns and a condition hold for a table that the publication names itself, but not when it names all tables or the
-- schema as well. Without a list, stored generated columns are sent where the publication says so.
-- Two equal versions of a table are made of the same rows of the catalog: two snapshots that see a row with the same xmin see the
-- same state of it. The changing transactions have written to one of these rows and may not be committed. This statement reads
-- tables only, so that the transaction's snapshot decides, and locks no user's table.
select c.oid, q.schema_name, q.table_name,
       publication.pubname is not null as published, publication.pubinsert as sends_insert, publication.pubupdate as sends_update,
       publication.pubdelete as sends_delete, publication.columns, publication.filtered,
       pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(pg_catalog.concat_ws(' ',
         n.xmin, n.ctid, c.xmin, c.ctid, '/', a.versions, '/', i.versions, '/', p.versions), 'UTF8')), 'hex') as version,
       array[n.xmax::text, c.xmax::text] || a.changing || p.changing as changing
  from rows from (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[])) as q (schema_name, table_name)
  join pg_catalog.pg_namespace n on n.nspname = q.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = q.table_name and c.relkind in ('r', 'p')
  cross join lateral (
    select pg_catalog.string_agg(a.xmin::text, ' ' order by a.attnum) as versions,
           pg_catalog.array_agg(a.xmax::text) filter (where a.xmax <> '0'::pg_catalog.xid) as changing
      from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.attnum > 0) a
  cross join lateral (
    select pg_catalog.string_agg(pg_catalog.concat(i.xmin, i.ctid), '' order by i.indexrelid) as versions
      from pg_catalog.pg_index i where i.indrelid = c.oid) i
  cross join lateral (
    select pg_catalog.string_agg(pg_catalog.concat(p.oid, p.xmin, p.ctid), '' order by p.oid) as versions,
           pg_catalog.array_agg(p.xmax::text) filter (where p.xmax <> '0'::pg_catalog.xid) as changing
      from pg_catalog.pg_policy p where p.polrelid = c.oid) p
  left join lateral (
    select p.pubname, p.pubinsert, p.pubupdate, p.pubdelete, named.condition is not null as filtered,
           case when named.columns is not null then pg_catalog.string_to_array(named.columns, ' ')::pg_catalog.int2[]
                when p.pubgencols = 's'
                then array(select a.attnum from pg_catalog.pg_attribute a
                            where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated <> 'v')
           end as columns
      from (${published}) as published
      join (select x.oid, x.pubname, x.pubinsert, x.pubupdate, x.pubdelete, x.puballtables,
                   coalesce(pg_catalog.to_jsonb(x) ->> 'pubgencols', 'n') as pubgencols
              from pg_catalog.pg_publication x) p on p.oid = published.pubid
      left join ${named} as named
        on named.publication = p.oid and named.table_oid = c.oid and not p.puballtables and not ${by_schema}
     where published.pubname = ? and published.relid = c.oid) publication on true
 order by c.oid
