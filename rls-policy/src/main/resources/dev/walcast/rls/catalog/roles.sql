-- What the named roles ($1) are, one row for each that exists: the roles whose privileges each has, itself included, and whether
-- it may be used: a role that bypasses row-level security by this connection's login, any other by the login that evaluates ($2;
-- null: this connection's own); never the logins themselves or one of Postgres' own roles. Read from the stored memberships as Postgres follows
-- them, so that the transaction's snapshot decides.
with recursive edges (member, role, inherits, sets) as materialized (
  select m.member, m.roleid,
         coalesce((pg_catalog.to_jsonb(m) ->> 'inherit_option')::boolean, r.rolinherit),
         coalesce((pg_catalog.to_jsonb(m) ->> 'set_option')::boolean, true)
    from pg_catalog.pg_auth_members m join pg_catalog.pg_roles r on r.oid = m.member
  union all
  -- The database's owner is a member of pg_database_owner.
  select d.datdba, 6171::pg_catalog.oid,
         r.rolinherit or pg_catalog.current_setting('server_version_num')::int >= 160000, true
    from pg_catalog.pg_database d join pg_catalog.pg_roles r on r.oid = d.datdba
   where d.datname = pg_catalog.current_database()),
logins (oid, super, evaluates) as (
  select r.oid, r.rolsuper, false from pg_catalog.pg_roles r where r.rolname = session_user
  union all
  select r.oid, r.rolsuper, true from pg_catalog.pg_roles r where r.rolname = coalesce(?::pg_catalog.name, session_user)),
settable (login, role) as (
  select l.oid, l.oid from logins l
  union
  select s.login, e.role from settable s join edges e on e.member = s.role and e.sets),
asked as (select r.* from pg_catalog.pg_roles r where r.rolname = any (?::text[])),
inherited (asked, role) as (
  select a.oid, a.oid from asked a
  union
  select i.asked, e.role from inherited i join edges e on e.member = i.role and e.inherits)
select a.rolname, a.oid, a.rolsuper, a.rolbypassrls,
       a.rolname not like 'pg\_%' and a.oid not in (select oid from logins) and exists (
         select from logins l
          where l.evaluates <> a.rolbypassrls
            and (l.super or exists (select from settable s where s.login = l.oid and s.role = a.oid))) as may_become,
       array(select i.role from inherited i where i.asked = a.oid order by 1) as privileges_of
  from asked a
