-- What decides about private topics: the objects that the policies of realtime.messages read, the policies of the tables
-- among them, and so on, as far as Postgres records it in pg_depend. Reads catalogs only: it takes no lock on a user's
-- table. One row, always.
with recursive messages (oid) as (
  select c.oid
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where n.nspname = 'realtime' and c.relname = 'messages'
), own (oid) as (
  select m.oid from messages m
  union
  select i.inhrelid from own o join pg_catalog.pg_inherits i on i.inhparent = o.oid
), found (classid, objid) as (
  select 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid, m.oid from messages m
  union
  select e.classid, e.objid
    from found f
   cross join lateral (
     select 'pg_catalog.pg_policy'::pg_catalog.regclass::pg_catalog.oid, p.oid
       from pg_catalog.pg_policy p
      where f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and p.polrelid = f.objid
     union all
     select 'pg_catalog.pg_rewrite'::pg_catalog.regclass::pg_catalog.oid, r.oid
       from pg_catalog.pg_rewrite r
      where f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and r.ev_class = f.objid
     union all
     select f.classid, i.inhrelid
       from pg_catalog.pg_inherits i
      where f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.inhparent = f.objid
        and i.inhparent not in (select o.oid from own o)
     union all
     select f.classid, i.inhparent
       from pg_catalog.pg_inherits i
      where f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass and i.inhrelid = f.objid
     union all
     select d.refclassid, d.refobjid
       from pg_catalog.pg_depend d
      where d.classid = f.classid and d.objid = f.objid
        and f.classid in ('pg_catalog.pg_policy'::pg_catalog.regclass, 'pg_catalog.pg_rewrite'::pg_catalog.regclass,
                          'pg_catalog.pg_proc'::pg_catalog.regclass)
        and d.refclassid in ('pg_catalog.pg_class'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass)
   ) as e (classid, objid)
), relations as (
  select c.oid, n.oid as namespace, n.nspname, c.relname, c.relkind, c.relowner, c.relacl, c.relrowsecurity,
         c.relforcerowsecurity, n.nspacl, n.nspowner
    from found f
    join pg_catalog.pg_class c on c.oid = f.objid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where f.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
), facts (fact) as (
  select pg_catalog.concat_ws('|', 'relation', r.oid, r.relkind, r.relowner, r.relacl, r.relrowsecurity, r.relforcerowsecurity,
                              r.nspacl, r.nspowner)
    from relations r
  union all
  select pg_catalog.concat_ws('|', 'column', a.attrelid, a.attnum, a.attacl)
    from pg_catalog.pg_attribute a
    join relations r on r.oid = a.attrelid
   where a.attacl is not null
  union all
  select pg_catalog.concat_ws('|', 'policy', p.oid, p.xmin)
    from found f join pg_catalog.pg_policy p on p.oid = f.objid
   where f.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass
  union all
  select pg_catalog.concat_ws('|', 'rule', r.oid, r.xmin)
    from found f join pg_catalog.pg_rewrite r on r.oid = f.objid
   where f.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
  union all
  select pg_catalog.concat_ws('|', 'function', p.oid, p.xmin)
    from found f join pg_catalog.pg_proc p on p.oid = f.objid
   where f.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
  union all
  select pg_catalog.concat_ws('|', 'member', m.roleid, m.member, m.xmin)
    from pg_catalog.pg_auth_members m
  union all
  select pg_catalog.concat_ws('|', 'role', r.oid, r.rolsuper, r.rolbypassrls, r.rolinherit)
    from pg_catalog.pg_roles r
)
select (select pg_catalog.md5(coalesce(pg_catalog.string_agg(f.fact, e'\n' order by f.fact collate "C"), ''))
          from facts f) as state,
       array(select array[r.nspname::pg_catalog.text, r.relname::pg_catalog.text]
               from relations r
              where r.relkind in ('r', 'p', 'f', 'm') and r.oid not in (select o.oid from own o)
                and r.nspname <> 'pg_catalog') as tables
