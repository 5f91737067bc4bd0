-- The policies that let a role read a table: one row for each (role, table, policy), as parallel arrays of roles, schemas and
-- tables; a table that lets the role read nothing has one row without a policy. To be run with an empty search_path, so that
-- every name in the expression comes qualified.
select q.role_name, q.schema_name, q.table_name, p.polname, p.polpermissive,
       pg_catalog.pg_get_expr(p.polqual, p.polrelid) as expression, p.polqual::text as tree
  from rows from (pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]), pg_catalog.unnest(?::text[]))
       as q (role_name, schema_name, table_name)
  join pg_catalog.pg_roles r on r.rolname = q.role_name
  join pg_catalog.pg_namespace n on n.nspname = q.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = q.table_name and c.relkind in ('r', 'p')
  left join pg_catalog.pg_policy p on p.polrelid = c.oid and p.polqual is not null and p.polcmd in ('r', '*')
   and exists (select from pg_catalog.unnest(p.polroles) as granted (oid)
                where granted.oid = 0 or pg_catalog.pg_has_role(r.oid, granted.oid, 'USAGE'))
 order by q.role_name, c.oid, p.polname
