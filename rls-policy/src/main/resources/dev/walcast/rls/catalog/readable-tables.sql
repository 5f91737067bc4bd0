-- The tables of a publication ($1) of which a role ($2, $3) may read at least one column.
select n.nspname, c.relname
  from pg_catalog.pg_publication publication
  join (${published}) as published on published.pubid = publication.oid
  join pg_catalog.pg_class c on c.oid = published.relid
  join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where publication.pubname = ?
   and pg_catalog.has_schema_privilege(?::pg_catalog.name, n.oid, 'USAGE')
   and pg_catalog.has_any_column_privilege(?::pg_catalog.name, c.oid, 'SELECT')
