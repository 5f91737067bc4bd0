-- One row for each (role, table, live column) asked about: the parameters are the publication, then
-- roles, schemas and tables as parallel arrays.
-- Rights as Postgres checks them: has_*_privilege follows inheritance and PUBLIC; row security as check_enable_rls decides it.
select q.role_name, q.schema_name, q.table_name,
       exists (select from pg_catalog.pg_publication_tables p
                where p.pubname = ? and p.schemaname = q.schema_name and p.tablename = q.table_name) as published,
       r.oid is not null and pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE') as usage,
       c.relrowsecurity and not coalesce(
         r.rolsuper or r.rolbypassrls
         or (not c.relforcerowsecurity and pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')), false) as row_security,
       a.attname as column_name,
       r.oid is not null and pg_catalog.has_column_privilege(r.oid, c.oid, a.attnum, 'SELECT') as readable,
       t.oid as type_oid, t.typname as type_name,
       b.oid as base_oid, b.typname as base_type, b.typtype = 'e' as is_enum,
       coalesce(l.collisdeterministic, true) as deterministic,
       a.attgenerated <> '' as generated
  from unnest(?, ?, ?) as q (role_name, schema_name, table_name)
  join pg_catalog.pg_namespace n on n.nspname = q.schema_name
  join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = q.table_name and c.relkind in ('r', 'p')
  join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  join pg_catalog.pg_type t on t.oid = a.atttypid
  join lateral (
    with recursive below as (
      select t.oid, t.typbasetype, t.typtype, t.typname
      union all
      select u.oid, u.typbasetype, u.typtype, u.typname
        from below d join pg_catalog.pg_type u on u.oid = d.typbasetype where d.typtype = 'd')
    select oid, typname, typtype from below where typtype <> 'd') b on true
  left join pg_catalog.pg_collation l on l.oid = a.attcollation
  left join pg_catalog.pg_roles r on r.rolname = q.role_name
 order by q.role_name, c.oid, a.attnum
