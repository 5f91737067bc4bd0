-- What there is of the schema `realtime`, and what the role that asks may do with it. One row, always.
select c.oid is not null as installed,
       coalesce(c.relkind = 'p', false) as partitioned,
       coalesce(pg_catalog.pg_get_userbyid(c.relowner), '') as owner,
       coalesce(c.relowner <> r.oid
         or exists (select from pg_catalog.pg_class m
                     where m.relnamespace = n.oid and m.relname = 'schema_migrations'), false) as foreign_schema,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         and pg_catalog.has_table_privilege(c.oid, 'SELECT') and pg_catalog.has_table_privilege(c.oid, 'INSERT')
         -- Whoever is subject to the policies cannot ask what others may do under them.
         and (not c.relrowsecurity or r.rolsuper or r.rolbypassrls
              or (not c.relforcerowsecurity and pg_catalog.pg_has_role(c.relowner, 'USAGE'))), false) as usable,
       coalesce(pg_catalog.pg_has_role(c.relowner, 'MEMBER'), false) as maintainable,
       exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = 'topic') as has_topic,
       array(select distinct t.pubname::text
               from pg_catalog.pg_publication_tables t
               join pg_catalog.pg_namespace tn on tn.nspname = t.schemaname
               join pg_catalog.pg_class tc on tc.relnamespace = tn.oid and tc.relname = t.tablename
              where tc.oid in (select relid from pg_catalog.pg_partition_tree(c.oid))) as publications
  from pg_catalog.pg_roles r
  left join pg_catalog.pg_namespace n on n.nspname = 'realtime'
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'messages' and c.relkind in ('r', 'p')
 where r.rolname = current_user
