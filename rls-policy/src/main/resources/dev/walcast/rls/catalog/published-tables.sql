-- The tables of a publication ($1): one row for each, or one without a table; none when there is no such publication.
select n.nspname, c.relname
  from pg_catalog.pg_publication publication
  left join (${published}) as published on published.pubid = publication.oid
  left join pg_catalog.pg_class c on c.oid = published.relid
  left join pg_catalog.pg_namespace n on n.oid = c.relnamespace
 where publication.pubname = ?
