-- What is known of the functions of the given oids.
select p.oid, pg_catalog.format('%I.%I', n.nspname, p.proname) as name, p.provolatile, p.pronargs,
       l.lanname = 'sql' as is_sql, p.prokind = 'f' as is_plain,
       l.lanname = 'sql' and p.prokind = 'f' and not p.prosecdef and p.proconfig is null as is_inlined, p.prosrc, p.prosqlbody::text as tree
  from pg_catalog.pg_proc p
  join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  join pg_catalog.pg_language l on l.oid = p.prolang
 where p.oid = any (?::oid[])
 order by p.oid
