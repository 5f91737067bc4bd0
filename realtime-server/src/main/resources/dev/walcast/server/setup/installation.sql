-- Describes the schema `realtime`, and what the role that asks may do with it. Always returns one row.
select c.oid is not null as installed,
       coalesce(c.relkind = 'p', false) as partitioned,
       coalesce(pg_catalog.pg_get_userbyid(c.relowner), '') as owner,
       coalesce(c.relowner <> r.oid
         or exists (select from pg_catalog.pg_class m
                     where m.relnamespace = n.oid and m.relname = 'schema_migrations'), false) as foreign_schema,
       coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE')
         and pg_catalog.has_table_privilege(c.oid, 'SELECT') and pg_catalog.has_table_privilege(c.oid, 'INSERT')
         -- A role that is subject to the policies cannot ask what other roles may do under them.
         and (not c.relrowsecurity or r.rolsuper or r.rolbypassrls
              or (not c.relforcerowsecurity and pg_catalog.pg_has_role(c.relowner, 'USAGE'))), false) as usable,
       coalesce(pg_catalog.pg_has_role(c.relowner, 'MEMBER'), false) as maintainable,
       exists (select from pg_catalog.pg_proc p where p.pronamespace = n.oid and p.proname = 'topic') as has_topic,
       -- Of the table or of any partition. Uses no function that waits for their locks.
       array(with recursive below (oid) as (
               select c.oid
               union all
               select i.inhrelid from below b join pg_catalog.pg_inherits i on i.inhparent = b.oid)
             select distinct published.pubname::text
               from below join (${published}) as published on published.relid = below.oid) as publications
  from pg_catalog.pg_roles r
  left join pg_catalog.pg_namespace n on n.nspname = 'realtime'
  left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = 'messages' and c.relkind in ('r', 'p')
 where r.rolname = current_user
