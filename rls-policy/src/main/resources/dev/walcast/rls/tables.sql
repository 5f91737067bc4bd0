-- The tables asked about ($2 schemas, $3 names, as parallel arrays): one row for each that exists, $1 publication.
-- Two equal versions of a table are made of the same rows of the catalog: two snapshots that see a row with the same xmin see the
-- same state of it. The changing transactions have written to one of these rows and may not be committed. This statement reads
-- tables only, so that the transaction's snapshot decides, and locks no user's table.
select c.oid, q.schema_name, q.table_name,
       exists (select from (${published}) as published where published.pubname = ? and published.relid = c.oid) as published,
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
 order by c.oid
