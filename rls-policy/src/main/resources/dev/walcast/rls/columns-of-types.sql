-- "schema.table.column (type)" of published columns that are of one of the named types ($1), or arrays, domains, ranges or
-- composites of them; $2 publication.
with recursive affected as (
  select t.oid from pg_catalog.pg_type t join pg_catalog.pg_namespace n on n.oid = t.typnamespace
   where n.nspname = 'pg_catalog' and t.typname = any (?)
  union
  select u.oid
    from affected f
    join pg_catalog.pg_type u on u.typelem = f.oid or u.typbasetype = f.oid
      or exists (select from pg_catalog.pg_attribute a
                  where a.attrelid = u.typrelid and u.typtype = 'c' and a.attnum > 0 and not a.attisdropped and a.atttypid = f.oid))
select pg_catalog.format('%s.%s.%s (%s)', n.nspname, c.relname, a.attname, t.typname)
  from (${published}) as p
  join pg_catalog.pg_class c on c.oid = p.relid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
 where p.pubname = ? and a.atttypid in (select oid from affected)
 order by 1
