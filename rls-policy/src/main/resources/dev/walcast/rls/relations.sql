-- Of the tables that policies read: whether what a role sees of them depends on nothing but the role.
select c.oid,
       c.relkind in ('r', 'p') and (not c.relrowsecurity or coalesce(
         r.rolsuper or r.rolbypassrls
         or (not c.relforcerowsecurity and pg_catalog.pg_has_role(r.oid, c.relowner, 'USAGE')), false)) as same_for_all
  from pg_catalog.pg_class c
  left join pg_catalog.pg_roles r on r.rolname = ?
 where c.oid = any (?::oid[])
 order by c.oid
